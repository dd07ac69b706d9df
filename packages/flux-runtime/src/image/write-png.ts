import { writeFileWhole } from "../disk/write-aside.ts";
import { requireRgbImage, type RgbImage } from "./rgb-image.ts";

/**
 * Encodes an image as a PNG without loss: 8-bit RGB, no metadata. One installation gives the same bytes for the same
 * image; the compressed bytes, not the pixels, can differ between versions of the compressor.
 *
 * @throws {FluxRuntimeError} `invalid-argument` where the data is not width × height × 3.
 */
export async function encodePng(image: RgbImage): Promise<Uint8Array> {
  requireRgbImage(image);
  const { width, height, data } = image;
  const { default: sharp } = await import("sharp"); // with its native library: only for those who have an image
  return await sharp(data, { raw: { width, height, channels: 3 } })
    .png({ compressionLevel: 9, adaptiveFiltering: true, palette: false })
    .toBuffer();
}

/**
 * Writes an image as a PNG; the file appears whole or not at all.
 *
 * @throws {FluxRuntimeError} `invalid-argument` where the data is not width × height × 3; `disk-full`, `unwritable-file`.
 */
export async function writePng(path: string, image: RgbImage): Promise<void> {
  await writeFileWhole(path, await encodePng(image));
}

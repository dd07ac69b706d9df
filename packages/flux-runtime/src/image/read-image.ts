import { readFile } from "node:fs/promises";
import type { Sharp } from "sharp";
import { FluxRuntimeError } from "../errors.ts";
import { takeTurns } from "../take-turns.ts";
import type { RgbImage } from "./rgb-image.ts";

/**
 * The most pixels that are decoded: a file of some kilobytes can claim gigabytes. It is the size from which Pillow, on
 * which the reference stands, refuses an image as a decompression bomb.
 */
export const LARGEST_IMAGE_PIXELS = 178_956_970;

/**
 * Reads an image file, or its bytes, as 8-bit RGB: PNG, JPEG, WebP, TIFF, GIF (first frame), AVIF, SVG.
 *
 * Of 8-bit images it gives what diffusers' `load_image` gives: turned upright by the EXIF orientation, alpha dropped (not
 * blended), colour profiles ignored, greyscale repeated in three channels, CMYK by Pillow's formula. JPEG decoders round
 * differently, so a JPEG can differ from Pillow's pixels by a few levels; an 8-bit PNG cannot.
 *
 * Of 16-bit values the upper byte is kept, so that the picture stays what it is. Pillow clips 16-bit greyscale at 255
 * instead, which turns nearly all of it white: there the two differ.
 *
 * @param source - A path, or the bytes of an image file.
 * @throws {FluxRuntimeError} `unreadable-file` where there is no such file; `unreadable-image` where the bytes are no
 * image, are cut short, or hold more than 178,956,970 pixels.
 *
 * Source: `load_image` in diffusers' `utils/loading_utils.py`; `Image.convert` of Pillow.
 */
export async function readImage(source: string | Uint8Array): Promise<RgbImage> {
  const name = typeof source === "string" ? source : "The given bytes";
  const bytes = typeof source === "string" ? await readBytes(source) : source;
  const { default: sharp } = await import("sharp"); // with its native library: only for those who have an image
  try {
    const image = sharp(bytes, {
      autoOrient: true,
      failOn: "error",
      ignoreIcc: true,
      limitInputPixels: LARGEST_IMAGE_PIXELS,
    });
    const { space } = await image.metadata();
    return await (space === "cmyk" ? decodeCmyk(image) : decodeRgb(image));
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message.replace(/\s+/g, " ").trim() : String(cause);
    throw new FluxRuntimeError(
      "unreadable-image",
      `${name} cannot be read as an image (${reason}). Give a whole PNG, JPEG, WebP, TIFF, GIF or AVIF file.`,
      typeof source === "string" ? { path: source } : { byteLength: source.byteLength },
      { cause },
    );
  }
}

async function readBytes(path: string): Promise<Uint8Array> {
  try {
    return await readFile(path);
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new FluxRuntimeError(
      "unreadable-file",
      `The image ${path} cannot be opened (${reason}). Check the path and the permissions.`,
      { path },
      { cause },
    );
  }
}

async function decodeRgb(image: Sharp): Promise<RgbImage> {
  const { data, info } = await image
    .removeAlpha()
    .toColourspace("srgb")
    .raw({ depth: "uchar" })
    .toBuffer({ resolveWithObject: true });
  return {
    width: info.width,
    height: info.height,
    data: new Uint8Array(data.buffer, data.byteOffset, data.byteLength),
  };
}

/** As Pillow converts CMYK: each ink takes its share of what the black leaves. */
async function decodeCmyk(image: Sharp): Promise<RgbImage> {
  const { data: inks, info } = await image
    .pipelineColourspace("cmyk")
    .toColourspace("cmyk")
    .raw({ depth: "uchar" })
    .toBuffer({ resolveWithObject: true });
  const data = new Uint8Array(info.width * info.height * 3);
  const turn = takeTurns();
  for (let row = 0; row < info.height; row++) {
    for (let pixel = row * info.width; pixel < (row + 1) * info.width; pixel++) {
      const left = 255 - (inks[pixel * info.channels + 3] ?? 0);
      for (let channel = 0; channel < 3; channel++) {
        const ink = inks[pixel * info.channels + channel] ?? 0;
        data[pixel * 3 + channel] = left - Math.round((ink * left) / 255);
      }
    }
    await turn();
  }
  return { width: info.width, height: info.height, data };
}

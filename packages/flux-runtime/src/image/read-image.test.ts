import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import sharp from "sharp";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { LARGEST_IMAGE_PIXELS, readImage } from "./read-image.ts";

const input = fileURLToPath(new URL("../../test/fixtures/klein-tiny/input.png", import.meta.url));

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "read-image-"));
});
afterAll(() => rm(folder, { recursive: true }));

/** A PNG of one row from raw samples. */
const png = (
  samples: Uint8Array | Uint16Array,
  channels: 1 | 2 | 3 | 4,
  space: "b-w" | "srgb" | "grey16" | "rgb16",
): Promise<Buffer> =>
  sharp(samples, { raw: { width: samples.length / channels, height: 1, channels } })
    .toColourspace(space)
    .png()
    .toBuffer();
const pixels = async (bytes: Uint8Array): Promise<number[]> => [...(await readImage(bytes)).data];

describe("readImage(source)", () => {
  it("reads a path and bytes alike", async () => {
    const image = await readImage(input);
    expect({ width: image.width, height: image.height }).toEqual({ width: 96, height: 64 });
    expect(image.data.length).toBe(96 * 64 * 3);
    expect(await readImage(await sharp(input).png().toBuffer())).toEqual(image);
  });

  it("drops alpha without blending", async () => {
    expect(await pixels(await png(Uint8Array.of(10, 20, 30, 0, 200, 100, 50, 128), 4, "srgb"))).toEqual([
      10, 20, 30, 200, 100, 50,
    ]);
  });

  it("repeats greyscale in three channels, with alpha or without", async () => {
    expect(await pixels(await png(Uint8Array.of(0, 7, 255), 1, "b-w"))).toEqual([
      0, 0, 0, 7, 7, 7, 255, 255, 255,
    ]);
    expect(await pixels(await png(Uint8Array.of(9, 0, 7, 255), 2, "b-w"))).toEqual([9, 9, 9, 7, 7, 7]);
  });

  it("keeps the upper byte of 16-bit values, also of grey ones, which Pillow clips at 255", async () => {
    const grey = Uint16Array.of(255, 256, 0xabcd);
    expect(await pixels(await png(grey, 1, "grey16"))).toEqual([0, 0, 0, 1, 1, 1, 0xab, 0xab, 0xab]);
    expect(await pixels(await png(Uint16Array.of(511, 512, 0xffff), 3, "rgb16"))).toEqual([1, 2, 255]);
  });

  it("reads palettes", async () => {
    const samples = Uint8Array.of(255, 0, 0, 0, 0, 255);
    const bytes = await sharp(samples, { raw: { width: 2, height: 1, channels: 3 } })
      .png({ palette: true })
      .toBuffer();
    expect(await pixels(bytes)).toEqual([...samples]);
  });

  it("converts CMYK as Pillow does: (255 − ink) · (255 − black) / 255", async () => {
    const inks = [0, 0, 0, 0, 255, 255, 255, 255, 255, 0, 0, 0, 0, 128, 64, 32];
    const tiff = cmykTiff(inks);
    const formula = [0, 1, 2, 3].flatMap((pixel) => {
      const left = 255 - (inks[pixel * 4 + 3] ?? 0);
      return [0, 1, 2].map((channel) => left - Math.round(((inks[pixel * 4 + channel] ?? 0) * left) / 255));
    });
    expect(await pixels(tiff)).toEqual(formula);
  });

  it("ignores colour profiles", async () => {
    const samples = Uint8Array.of(200, 100, 50, 10, 20, 30);
    const wide = await sharp(samples, { raw: { width: 2, height: 1, channels: 3 } })
      .withIccProfile("p3")
      .png()
      .toBuffer();
    expect((await sharp(wide).metadata()).hasProfile).toBe(true);
    const stored = await sharp(wide, { ignoreIcc: true }).raw().toBuffer();
    expect(await pixels(wide)).toEqual([...stored]);
  });

  it("turns the image upright by its EXIF orientation", async () => {
    const row = sharp(Uint8Array.of(1, 1, 1, 2, 2, 2), { raw: { width: 2, height: 1, channels: 3 } });
    const turned = await row.withMetadata({ orientation: 6 }).png().toBuffer();
    const image = await readImage(turned);
    expect(image).toEqual({ width: 1, height: 2, data: Uint8Array.of(1, 1, 1, 2, 2, 2) });
  });

  it("refuses a file that does not exist", async () => {
    const failure = readImage(join(folder, "none.png"));
    await expect(failure).rejects.toMatchObject({ code: "unreadable-file" });
    await expect(failure).rejects.toThrow(/none.png cannot be opened/);
  });

  it("refuses bytes that are no image, naming the file", async () => {
    const path = join(folder, "text.png");
    await writeFile(path, "no image");
    const failure = readImage(path);
    await expect(failure).rejects.toMatchObject({ code: "unreadable-image" });
    await expect(failure).rejects.toThrow(/text.png cannot be read as an image/);
    await expect(readImage(new Uint8Array(0))).rejects.toThrow(/The given bytes cannot be read/);
  });

  it("refuses an image that is cut short", async () => {
    const whole = await sharp(input).png().toBuffer();
    await expect(readImage(whole.subarray(0, whole.length / 2))).rejects.toMatchObject({
      code: "unreadable-image",
    });
    const jpeg = await sharp(input).jpeg().toBuffer();
    await expect(readImage(jpeg.subarray(0, jpeg.length / 2))).rejects.toMatchObject({
      code: "unreadable-image",
    });
  });

  it("refuses an image with more pixels than the limit", async () => {
    const side = Math.ceil(Math.sqrt(LARGEST_IMAGE_PIXELS)) + 1;
    const svg = `<svg xmlns="http://www.w3.org/2000/svg" width="${side}" height="${side}"/>`;
    await expect(readImage(Buffer.from(svg))).rejects.toThrow(/pixel limit/);
  });
});

/** An uncompressed TIFF of one row of CMYK pixels: sharp can write CMYK only through a colour profile. */
function cmykTiff(inks: readonly number[]): Buffer {
  const width = inks.length / 4;
  const [short, long] = [3, 4];
  const bitsAt = 8 + 2 + 9 * 12 + 4;
  const fields: [tag: number, type: number, count: number, value: number][] = [
    [256, short, 1, width],
    [257, short, 1, 1],
    [258, short, 4, bitsAt],
    [259, short, 1, 1], // uncompressed
    [262, short, 1, 5], // separated inks
    [273, long, 1, bitsAt + 8],
    [277, short, 1, 4],
    [278, short, 1, 1],
    [279, long, 1, inks.length],
  ];
  const head = Buffer.alloc(bitsAt + 8);
  head.write("II*\0", "latin1");
  head.writeUInt32LE(8, 4);
  head.writeUInt16LE(fields.length, 8);
  for (const [i, [tag, type, count, value]] of fields.entries()) {
    head.writeUInt16LE(tag, 10 + i * 12);
    head.writeUInt16LE(type, 12 + i * 12);
    head.writeUInt32LE(count, 14 + i * 12);
    head.writeUInt32LE(value, 18 + i * 12);
  }
  for (let i = 0; i < 4; i++) head.writeUInt16LE(8, bitsAt + 2 * i);
  return Buffer.concat([head, Buffer.from(inks)]);
}

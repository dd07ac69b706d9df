import { mkdtemp, readFile, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import sharp from "sharp";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { readImage } from "./read-image.ts";
import { encodePng, writePng } from "./write-png.ts";

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "write-png-"));
});
afterEach(() => rm(folder, { recursive: true }));

const gradient = { width: 20, height: 10, data: new Uint8Array(600).map((_, i) => i) };

describe("encodePng(image)", () => {
  it("keeps every byte, whatever the image", async () => {
    const side = fc.integer({ min: 1, max: 20 });
    const image = fc
      .tuple(side, side)
      .chain(([width, height]) =>
        fc
          .uint8Array({ minLength: width * height * 3, maxLength: width * height * 3 })
          .map((data) => ({ width, height, data: new Uint8Array(data) })),
      );
    await fc.assert(
      fc.asyncProperty(image, async (original) => {
        expect(await readImage(await encodePng(original))).toEqual(original);
      }),
      { numRuns: 50 },
    );
  });

  it("gives the same bytes for the same image", async () => {
    expect(await encodePng(gradient)).toEqual(await encodePng({ ...gradient, data: gradient.data.slice() }));
  });

  it("writes 8-bit RGB, also for an image that is grey", async () => {
    const { channels, depth, isPalette } = await sharp(
      await encodePng({ width: 4, height: 4, data: new Uint8Array(48).fill(9) }),
    ).metadata();
    expect({ channels, depth, isPalette }).toEqual({ channels: 3, depth: "uchar", isPalette: false });
  });

  it("refuses data of another size", async () => {
    await expect(encodePng({ ...gradient, height: 11 })).rejects.toThrow(
      /20 × 11 pixels needs 660 bytes.*has 600/,
    );
    await expect(encodePng({ width: 0, height: 0, data: new Uint8Array(0) })).rejects.toThrow(/at least 3/);
  });
});

describe("writePng(path, image)", () => {
  it("writes the encoded bytes and leaves nothing else in the folder", async () => {
    const path = join(folder, "image.png");
    await writePng(path, gradient);
    expect(new Uint8Array(await readFile(path))).toEqual(new Uint8Array(await encodePng(gradient)));
    expect(await readdir(folder)).toEqual(["image.png"]);
  });
  it("says which folder is missing", async () => {
    await expect(writePng(join(folder, "none", "image.png"), gradient)).rejects.toMatchObject({
      code: "unwritable-file",
    });
  });
});

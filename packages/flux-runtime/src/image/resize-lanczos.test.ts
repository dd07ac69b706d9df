import { createHash } from "node:crypto";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { resizeLanczos } from "./resize-lanczos.ts";
import type { RgbImage } from "./rgb-image.ts";

/** An image whose three channels are alike. */
function grey(width: number, height: number, level: (x: number, y: number) => number): RgbImage {
  const data = new Uint8Array(width * height * 3);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) data.fill(level(x, y), (y * width + x) * 3, (y * width + x) * 3 + 3);
  }
  return { width, height, data };
}
const channel = ({ data }: RgbImage, offset: number): number[] => [
  ...data.filter((_, i) => i % 3 === offset),
];

/** Two bright squares (0xe1) and two dark ones (0x1e), crosswise. */
const squares = (size: number): RgbImage =>
  grey(size, size, (x, y) => (x < size / 2 === y < size / 2 ? 0xe1 : 0x1e));

/** Restores an image of squares from its top left quarter, in hexadecimal. */
function fromQuarter(size: number, quarter: string): RgbImage {
  const levels = quarter
    .trim()
    .split(/\s+/)
    .map((level) => parseInt(level, 16));
  const half = size / 2;
  return grey(size, size, (x, y) => {
    const level = levels[Math.min(y, size - 1 - y) * half + Math.min(x, size - 1 - x)] ?? NaN;
    return x < half === y < half ? level : 255 - level;
  });
}

describe("resizeLanczos(image, { width, height })", () => {
  it("equals the values of Pillow's own tests: 16 × 16 to 8 × 8", async () => {
    const expected = fromQuarter(8, "e1 e0 e4 d7  e0 df e3 d6  e4 e3 e7 da  d7 d6 d9 ce");
    expect(await resizeLanczos(squares(16), { width: 8, height: 8 })).toEqual(expected);
  });

  it("equals the values of Pillow's own tests: 6 × 6 to 12 × 12, where overshoot is cut at 255", async () => {
    const expected = fromQuarter(
      12,
      `e1 e0 db ed f5 b8  e0 df da ec f3 b7  db db d6 e7 ee b5
       ed ec e6 fb ff bf  f5 f4 ee ff ff c4  b8 b7 b4 bf c4 a0`,
    );
    expect(await resizeLanczos(squares(6), { width: 12, height: 12 })).toEqual(expected);
  });

  it("averages two pixels into one, halves upwards", async () => {
    const pair = (a: number, b: number): RgbImage => grey(2, 1, (x) => (x === 0 ? a : b));
    const average = async (a: number, b: number): Promise<number[]> =>
      channel(await resizeLanczos(pair(a, b), { width: 1, height: 1 }), 0);
    expect(await average(10, 20)).toEqual([15]);
    expect(await average(0, 255)).toEqual([128]);
    expect(await average(254, 255)).toEqual([255]);
  });

  it("keeps a flat colour, each channel its own, through any size", async () => {
    const size = fc.record({
      width: fc.integer({ min: 1, max: 40 }),
      height: fc.integer({ min: 1, max: 40 }),
    });
    await fc.assert(
      fc.asyncProperty(size, size, async (from, to) => {
        const data = new Uint8Array(from.width * from.height * 3).map((_, i) => [0, 64, 255][i % 3] ?? 0);
        const resized = await resizeLanczos({ ...from, data }, to);
        expect({ width: resized.width, height: resized.height }).toEqual(to);
        expect(new Set(channel(resized, 0))).toEqual(new Set([0]));
        expect(new Set(channel(resized, 1))).toEqual(new Set([64]));
        expect(new Set(channel(resized, 2))).toEqual(new Set([255]));
      }),
    );
  });

  // SHA-256 of the bytes that Pillow 12.3.0 gives: Image.frombytes("RGB", (700, 450), noise).resize(size, Image.LANCZOS).
  it.each([
    [301, 197, "9b321bb9eb09cf92f28dd9866308851d8fb9afd080efbaa78239e15a5878b6a3"],
    [1001, 700, "d5eef9977b5273c546629c2c91c0b2129af50d060cf90ae4eb1599ede8adc8ae"],
    [700, 113, "78086bf92bba96498ffb617a95ef094b8484227474a43b46ca3bad62fd4795b6"],
    [97, 450, "b2b2726cdeb09f2df430ca96b6c01dba46359deeee82ddd92736faed2ef8f811"],
    [1, 1, "decc3b82f915577a4e440dc4a121dc070c14b91fb29c3c885a43ff6cf52d5c22"],
    [64, 900, "3fd8f8392cb9e3e87f098519f187c44b6f9d026441939be9f483fa7016c67a3e"],
  ])("equals Pillow on noise of 700 × 450, resized to %i × %i", async (width, height, expected) => {
    const noise = new Uint8Array(700 * 450 * 3).map((_, i) => (i * 2_654_435_761) >>> 24);
    const { data } = await resizeLanczos({ width: 700, height: 450, data: noise }, { width, height });
    expect(createHash("sha256").update(data).digest("hex")).toBe(expected);
  });

  it("gives a copy where the size stays", async () => {
    const image = squares(4);
    const copy = await resizeLanczos(image, image);
    expect(copy).toEqual(image);
    expect(copy.data).not.toBe(image.data);
  });
});

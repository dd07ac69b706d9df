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
  it("equals the values of Pillow's own tests: 16 × 16 to 8 × 8", () => {
    const expected = fromQuarter(8, "e1 e0 e4 d7  e0 df e3 d6  e4 e3 e7 da  d7 d6 d9 ce");
    expect(resizeLanczos(squares(16), { width: 8, height: 8 })).toEqual(expected);
  });

  it("equals the values of Pillow's own tests: 6 × 6 to 12 × 12, where overshoot is cut at 255", () => {
    const expected = fromQuarter(
      12,
      `e1 e0 db ed f5 b8  e0 df da ec f3 b7  db db d6 e7 ee b5
       ed ec e6 fb ff bf  f5 f4 ee ff ff c4  b8 b7 b4 bf c4 a0`,
    );
    expect(resizeLanczos(squares(6), { width: 12, height: 12 })).toEqual(expected);
  });

  it("averages two pixels into one, halves upwards", () => {
    const pair = (a: number, b: number): RgbImage => grey(2, 1, (x) => (x === 0 ? a : b));
    const average = (a: number, b: number): number[] =>
      channel(resizeLanczos(pair(a, b), { width: 1, height: 1 }), 0);
    expect(average(10, 20)).toEqual([15]);
    expect(average(0, 255)).toEqual([128]);
    expect(average(254, 255)).toEqual([255]);
  });

  it("keeps a flat colour, each channel its own, through any size", () => {
    const size = fc.record({
      width: fc.integer({ min: 1, max: 40 }),
      height: fc.integer({ min: 1, max: 40 }),
    });
    fc.assert(
      fc.property(size, size, (from, to) => {
        const data = new Uint8Array(from.width * from.height * 3).map((_, i) => [0, 64, 255][i % 3] ?? 0);
        const resized = resizeLanczos({ ...from, data }, to);
        expect({ width: resized.width, height: resized.height }).toEqual(to);
        expect(new Set(channel(resized, 0))).toEqual(new Set([0]));
        expect(new Set(channel(resized, 1))).toEqual(new Set([64]));
        expect(new Set(channel(resized, 2))).toEqual(new Set([255]));
      }),
    );
  });

  it("gives a copy where the size stays", () => {
    const image = squares(4);
    const copy = resizeLanczos(image, image);
    expect(copy).toEqual(image);
    expect(copy.data).not.toBe(image.data);
  });
});

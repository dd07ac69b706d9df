import { FluxRuntimeError } from "../errors.ts";

/** An 8-bit sRGB image: rows from the top, red, green and blue of a pixel side by side. */
export interface RgbImage {
  /** In pixels. */
  readonly width: number;
  /** In pixels. */
  readonly height: number;
  /** [height · width · 3], 0 to 255. */
  readonly data: Uint8Array;
}

/**
 * Requires an image with one byte for each of red, green and blue of every pixel.
 *
 * @throws {FluxRuntimeError} `invalid-argument` where a side is no positive integer, or the data is not width × height × 3.
 */
export function requireRgbImage({ width, height, data }: RgbImage): void {
  const isSize = [width, height].every((side) => Number.isSafeInteger(side) && side > 0);
  if (isSize && data.length === width * height * 3) return;
  throw new FluxRuntimeError(
    "invalid-argument",
    `An image of ${width} × ${height} pixels needs ${width * height * 3} bytes, at least 3, but has ${data.length}. Give one byte for each of red, green and blue.`,
    { width, height, byteLength: data.length },
  );
}

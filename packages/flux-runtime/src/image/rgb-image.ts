/** An 8-bit sRGB image: rows from the top, red, green and blue of a pixel side by side. */
export interface RgbImage {
  /** In pixels. */
  readonly width: number;
  /** In pixels. */
  readonly height: number;
  /** [height · width · 3], 0 to 255. */
  readonly data: Uint8Array;
}

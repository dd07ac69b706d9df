import { takeTurns } from "../take-turns.ts";
import type { RgbImage } from "./rgb-image.ts";

/** The size to give an image. */
export interface ImageSize {
  /** In pixels. */
  readonly width: number;
  /** In pixels. */
  readonly height: number;
}

/** The filter's reach in source pixels, before it is widened for a reduction. */
const SUPPORT = 3;
/** Weights are integers of this many fractional bits: 32, less 8 for the result and 2 for what lies outside it. */
const PRECISION_BITS = 32 - 8 - 2;
/** Sums begin with a half, so that the shift rounds. */
const HALF = 1 << (PRECISION_BITS - 1);

/**
 * Resizes with Pillow's Lanczos filter, equal to it in every byte: columns first, then rows, each pass rounded to 8
 * bits. (libvips, which decodes the images here, has a Lanczos filter too, but rounds and places it differently.)
 *
 * Source: `src/libImaging/Resample.c` of Pillow.
 */
export async function resizeLanczos(image: RgbImage, { width, height }: ImageSize): Promise<RgbImage> {
  const { data, ...size } = image;
  const narrowed = width === size.width ? data : await resizeRows(data, size, width);
  const resized =
    height === size.height ? narrowed : await resizeColumns(narrowed, { ...size, width }, height);
  return { width, height, data: resized === data ? data.slice() : resized };
}

/** Gives each row another width. */
async function resizeRows(input: Uint8Array, from: ImageSize, width: number): Promise<Uint8Array> {
  const taps = filterWeights(from.width, width);
  const output = new Uint8ClampedArray(width * from.height * 3);
  const turn = takeTurns();
  for (let y = 0; y < from.height; y++) {
    resizeRow(input.subarray(y * from.width * 3), taps, output.subarray(y * width * 3));
    await turn();
  }
  return new Uint8Array(output.buffer);
}

/** Makes each row of the result from several of the input. */
async function resizeColumns(input: Uint8Array, from: ImageSize, height: number): Promise<Uint8Array> {
  const stride = from.width * 3;
  const output = new Uint8ClampedArray(height * stride);
  const turn = takeTurns();
  for (const [y, { start, weights }] of filterWeights(from.height, height).entries()) {
    mixRows(input.subarray(start * stride), weights, output.subarray(y * stride, (y + 1) * stride));
    await turn();
  }
  return new Uint8Array(output.buffer);
}

/** The weights of one output position: it reads `weights.length` inputs from `start` on. */
interface Taps {
  readonly start: number;
  readonly weights: Int32Array;
}

function filterWeights(inputSize: number, outputSize: number): readonly Taps[] {
  const scale = inputSize / outputSize;
  const filterScale = Math.max(scale, 1);
  const support = SUPPORT * filterScale;
  return Array.from({ length: outputSize }, (_, position) => {
    const center = (position + 0.5) * scale;
    const start = Math.max(Math.trunc(center - support + 0.5), 0);
    const end = Math.min(Math.trunc(center + support + 0.5), inputSize);
    const values = Float64Array.from({ length: end - start }, (_value, i) =>
      lanczos((i + start - center + 0.5) * (1 / filterScale)),
    );
    const sum = values.reduce((total, value) => total + value, 0);
    const weights = Int32Array.from(values, (value) => {
      const share = (sum === 0 ? value : value / sum) * 2 ** PRECISION_BITS;
      return Math.trunc(share < 0 ? share - 0.5 : share + 0.5);
    });
    return { start, weights };
  });
}

function lanczos(x: number): number {
  return x >= -SUPPORT && x < SUPPORT ? sinc(x) * sinc(x / SUPPORT) : 0;
}

function sinc(x: number): number {
  return x === 0 ? 1 : Math.sin(x * Math.PI) / (x * Math.PI);
}

// Sums are 32-bit integers, as in Pillow: weights of 22 bits on 8-bit levels, with room for what the filter overshoots. Each
// tap lies within the input, hence the casts: a default in their place would take half as much time again.

function resizeRow(input: Uint8Array, taps: readonly Taps[], output: Uint8ClampedArray): void {
  let out = 0;
  for (const { start, weights } of taps) {
    let [red, green, blue] = [HALF, HALF, HALF];
    let from = start * 3;
    for (let tap = 0; tap < weights.length; tap++) {
      const weight = weights[tap] as number;
      red = (red + Math.imul(input[from] as number, weight)) | 0;
      green = (green + Math.imul(input[from + 1] as number, weight)) | 0;
      blue = (blue + Math.imul(input[from + 2] as number, weight)) | 0;
      from += 3;
    }
    output[out] = red >> PRECISION_BITS;
    output[out + 1] = green >> PRECISION_BITS;
    output[out + 2] = blue >> PRECISION_BITS;
    out += 3;
  }
}

/** Sums the rows that `input` begins with, each by its weight. */
function mixRows(input: Uint8Array, weights: Int32Array, output: Uint8ClampedArray): void {
  const stride = output.length;
  for (let x = 0; x < stride; x += 3) {
    let [red, green, blue] = [HALF, HALF, HALF];
    let from = x;
    for (let tap = 0; tap < weights.length; tap++) {
      const weight = weights[tap] as number;
      red = (red + Math.imul(input[from] as number, weight)) | 0;
      green = (green + Math.imul(input[from + 1] as number, weight)) | 0;
      blue = (blue + Math.imul(input[from + 2] as number, weight)) | 0;
      from += stride;
    }
    output[x] = red >> PRECISION_BITS;
    output[x + 1] = green >> PRECISION_BITS;
    output[x + 2] = blue >> PRECISION_BITS;
  }
}

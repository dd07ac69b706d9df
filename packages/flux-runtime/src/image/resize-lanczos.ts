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

/**
 * Resizes with Pillow's Lanczos filter, equal to it in every byte: columns first, then rows, each pass rounded to 8
 * bits. (libvips, which decodes the images here, has a Lanczos filter too, but rounds and places it differently.)
 *
 * Source: `src/libImaging/Resample.c` of Pillow.
 */
export function resizeLanczos(image: RgbImage, { width, height }: ImageSize): RgbImage {
  let resized = image;
  if (width !== image.width) {
    const rows = { count: image.height, stride: image.width * 3, outStride: width * 3 };
    const data = resample(resized.data, filterWeights(image.width, width), rows, { stride: 3 });
    resized = { width, height: image.height, data };
  }
  if (height !== image.height) {
    const columns = { count: width, stride: 3, outStride: 3 };
    const data = resample(resized.data, filterWeights(image.height, height), columns, { stride: width * 3 });
    resized = { width, height, data };
  }
  return resized === image ? { ...image, data: image.data.slice() } : resized;
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

/** Filters along one axis: `lines` run along the other one, and `stride` leads from one input to the next. */
function resample(
  input: Uint8Array,
  taps: readonly Taps[],
  lines: { readonly count: number; readonly stride: number; readonly outStride: number },
  { stride }: { readonly stride: number },
): Uint8Array {
  const output = new Uint8ClampedArray(lines.count * taps.length * 3);
  for (const [position, { start, weights }] of taps.entries()) {
    for (let line = 0; line < lines.count; line++) {
      const from = line * lines.stride + start * stride;
      const to = line * lines.outStride + position * stride;
      for (let channel = 0; channel < 3; channel++) {
        let sum = 2 ** (PRECISION_BITS - 1); // a half, so that the shift rounds
        for (let i = 0; i < weights.length; i++) {
          sum += (input[from + i * stride + channel] ?? 0) * (weights[i] ?? 0);
        }
        output[to + channel] = sum >> PRECISION_BITS;
      }
    }
  }
  return new Uint8Array(output.buffer);
}

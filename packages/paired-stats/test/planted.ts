import type { Matrix } from "../src/matrix.ts";
import { noise } from "./noise.ts";

/** What is planted in measurements `[objects × levels, channels]`, in standard deviations of the noise. */
export interface Planting {
  readonly objects: number;
  readonly levels: number;
  readonly channels: number;
  readonly seed: number;
  /** The effect on a channel of an object's level. */
  readonly effect?: (object: number, level: number, channel: number) => number;
}

/** Noise, with a mean per object and channel of ten times its size, and what is planted. */
export function plant({ objects, levels, channels, seed, effect = () => 0 }: Planting): Matrix {
  const own = noise(objects * levels, channels, seed);
  const identity = noise(objects, channels, seed + 1_000_003);
  const data = Float64Array.from(own.data, (value, at) => {
    const row = Math.floor(at / channels);
    const object = Math.floor(row / levels);
    const channel = at % channels;
    const mean = 10 * (identity.data[object * channels + channel] ?? NaN);
    return value + mean + effect(object, row % levels, channel);
  });
  return { data, shape: own.shape };
}

import { encodeBfloat16 } from "../checkpoint/half-precision.ts";

/** Quantiles of the standard normal distribution that weights are drawn from: enough that a weight matrix looks normal. */
const QUANTILES = 1 << 16;

let standardNormal: Float32Array | undefined;

/** Draws bfloat16 weights quickly: a 32-bit generator picks among the quantiles of a scaled and shifted normal. */
export interface RandomWeights {
  /** The next `count` values of a normal distribution with this mean and standard deviation, as bfloat16 bits. */
  next(count: number): Uint16Array;
}

/**
 * A stream of random weights that depends on the seed and the label alone, so that a tensor's values do not depend on the
 * tensors written before it. The generator is Marsaglia's xorshift32 (Journal of Statistical Software 8(14), 2003).
 */
export function createRandomWeights(
  seed: number,
  label: string,
  { mean, deviation }: { mean: number; deviation: number },
): RandomWeights {
  const normal = (standardNormal ??= normalQuantiles());
  const table = encodeBfloat16(normal.map((value) => mean + deviation * value));
  let state = hash(`${seed}/${label}`);
  return {
    next(count) {
      const bits = new Uint16Array(count);
      for (let index = 0; index < count; index += 1) {
        state ^= state << 13;
        state ^= state >>> 17;
        state ^= state << 5;
        bits[index] = table[state >>> 16] ?? 0; // 16 bits index a table of 2^16 entries
      }
      return bits;
    },
  };
}

/** FNV-1a, never 0: xorshift would stay there. */
function hash(text: string): number {
  let state = 0x811c9dc5;
  for (const byte of new TextEncoder().encode(text)) state = Math.imul(state ^ byte, 0x01000193);
  return state === 0 ? 1 : state;
}

/** The medians of 2^16 equal slices of the standard normal, by walking along its density. */
function normalQuantiles(): Float32Array {
  const quantiles = new Float32Array(QUANTILES);
  const step = 1e-4;
  let x = -5.5;
  let cumulative = 0;
  let index = 0;
  const density = (value: number): number => Math.exp(-0.5 * value * value) / Math.sqrt(2 * Math.PI);
  while (index < QUANTILES && x < 5.5) {
    cumulative += (density(x) + density(x + step)) * 0.5 * step;
    x += step;
    while (index < QUANTILES && cumulative >= (index + 0.5) / QUANTILES) {
      quantiles[index] = x;
      index += 1;
    }
  }
  return quantiles;
}

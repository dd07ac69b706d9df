import { HeadHooksError } from "../head-hooks-error.ts";

/**
 * The offsets that put given values in the place of units: with a unit's factor f, a channel x becomes
 * f · x + (1 − f) · value, so a unit at 0 is replaced and one at 1 stays as it is.
 *
 * @param factors - float32 [units], as {@link unitFactors} makes them.
 * @param values - [channels of all taps], in the order of the units, as a model that is hooked with `reduction: "mean"` and
 *   `groupSize: 1` captures them.
 * @returns float32 [channels], to be fed as `layout.offsetInput`; −0 for what stays, which keeps every bit.
 * @throws HeadHooksError `invalid-argument` if there are not as many values for each unit.
 * @example
 * ```ts
 * const scale = unitFactors(layout, { "block.0.head.3": 0 });
 * const offset = unitOffsets(scale, channelMeans); // mean ablation of head 3 of block 0
 * ```
 */
export function unitOffsets(factors: Float32Array, values: ArrayLike<number>): Float32Array {
  const groupSize = values.length / factors.length;
  if (!Number.isSafeInteger(groupSize) || groupSize === 0) {
    throw new HeadHooksError(
      "invalid-argument",
      `expected a value for each channel of ${factors.length} units, so a multiple of that many; received ${values.length}`,
      { units: factors.length, values: values.length },
    );
  }
  const offsets = new Float32Array(values.length);
  for (let channel = 0; channel < values.length; channel++) {
    const factor = factors[Math.floor(channel / groupSize)] ?? 1;
    offsets[channel] = factor === 1 ? -0 : (1 - factor) * (values[channel] ?? NaN);
  }
  return offsets;
}

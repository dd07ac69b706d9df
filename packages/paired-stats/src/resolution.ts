import type { Matrix } from "./matrix.ts";
import { valueAt } from "./reading.ts";

/** The distance of 1 from the next greater number of each type. */
const FLOAT32_EPSILON: number = 2 ** -23;
const FLOAT64_EPSILON: number = 2 ** -52;

/**
 * How far apart two equal measurements can lie by the rounding to their type, for the value at each place of the data:
 * `ε |value|`, with ε = 2^−23 for float32 and 2^−52 for float64. Whole numbers up to 2 / ε are exact. A matrix that
 * carries a resolution has that.
 */
export function resolutionReader({ data, resolution }: Matrix): (place: number) => number {
  if (resolution) return (place) => valueAt(resolution, place);
  const epsilon = data instanceof Float32Array ? FLOAT32_EPSILON : FLOAT64_EPSILON;
  return (place) => resolutionOfValue(data[place] ?? NaN, epsilon);
}

/** The resolution of every value: `[pairs, units]`. */
export function resolutionOf(matrix: Matrix): Float64Array {
  const read = resolutionReader(matrix);
  return Float64Array.from(matrix.data, (_, place) => read(place));
}

/**
 * The resolution of values that were computed in float64 from float32 measurements, such as roots of mean squares.
 *
 * @returns one number per value, for the `resolution` of a {@link Matrix}.
 * @example
 * const roots = Float64Array.from(meanSquares, Math.sqrt);
 * const matrix = { data: roots, shape: [25, 16_320], resolution: float32Resolution(roots) };
 */
export function float32Resolution(values: Float64Array): Float64Array {
  return values.map((value) => resolutionOfValue(value, FLOAT32_EPSILON));
}

function resolutionOfValue(value: number, epsilon: number): number {
  const size = Math.abs(value);
  return size <= 2 / epsilon && Math.floor(size) === size ? 0 : size * epsilon;
}

/** The numbers that values can all be roundings of. */
export interface CommonRange {
  readonly lowest: number;
  readonly highest: number;
}

/**
 * What the ranges `value ± resolution / 2` have in common: undefined where the values differ by more than rounding. Exact
 * values have a number in common only if they are equal.
 */
export function commonRange(
  count: number,
  valueOf: (index: number) => number,
  resolutionOfIndex: (index: number) => number,
): CommonRange | undefined {
  let lowest = -Infinity;
  let highest = Infinity;
  for (let index = 0; index < count; index += 1) {
    const value = valueOf(index);
    const reach = resolutionOfIndex(index) / 2;
    lowest = Math.max(lowest, value - reach);
    highest = Math.min(highest, value + reach);
    if (lowest > highest) return undefined;
  }
  return { lowest, highest };
}

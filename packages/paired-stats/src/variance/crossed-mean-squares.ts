import { valueAt } from "../reading.ts";

/**
 * The mean squares of every main effect and interaction of a full crossing with one value per cell.
 *
 * The values are split factor by factor into means and deviations from them, so that no square of a mean is ever
 * subtracted from another.
 *
 * @param values - one per cell, the last factor varying fastest.
 * @param sizes - how many levels each factor has.
 * @returns one per set of factors, factor f being bit f of the place: at 0 the grand mean, at the last place the mean square
 *   of the interaction of all factors.
 * @see Searle, Casella & McCulloch (1992), Variance Components, section 4.3.
 */
export function crossedMeanSquares(values: Float64Array, sizes: readonly number[]): Float64Array {
  const results = new Float64Array(2 ** sizes.length);
  collectEffects(values, { sizes, cells: values.length, factor: 0, effect: 0 }, results);
  return results;
}

/** Degrees of freedom of the effect of a set of factors. */
export function effectDegreesOfFreedom(effect: number, sizes: readonly number[]): number {
  return sizes.reduce((product, size, factor) => (isIn(factor, effect) ? product * (size - 1) : product), 1);
}

/** Whether a factor is one of a set, each factor being one bit. */
export function isIn(factor: number, effect: number): boolean {
  return ((effect >>> factor) & 1) === 1;
}

/** Where in the splitting a part of the values is. */
interface Splitting {
  readonly sizes: readonly number[];
  /** How many values there were before any splitting. */
  readonly cells: number;
  /** The factor that is split next; those before it have been. */
  readonly factor: number;
  /** The factors whose deviations the values are; over the other ones before `factor` they are means. */
  readonly effect: number;
}

function collectEffects(values: Float64Array, splitting: Splitting, results: Float64Array): void {
  const { sizes, cells, factor, effect } = splitting;
  const levels = sizes[factor];
  if (levels === undefined) {
    const squares = values.reduce((sum, value) => sum + value * value, 0);
    results[effect] =
      effect === 0
        ? valueAt(values, 0)
        : (squares * (cells / values.length)) / effectDegreesOfFreedom(effect, sizes);
    return;
  }
  const inner = sizes.slice(factor + 1).reduce((product, size) => product * size, 1);
  const means = new Float64Array(values.length / levels);
  for (const [place, value] of values.entries()) {
    const cell = meanOf(place, levels, inner);
    means[cell] = valueAt(means, cell) + value / levels;
  }
  const deviations = values.map((value, place) => value - valueAt(means, meanOf(place, levels, inner)));
  collectEffects(means, { ...splitting, factor: factor + 1 }, results);
  collectEffects(deviations, { ...splitting, factor: factor + 1, effect: effect | (1 << factor) }, results);
}

/** The place of the mean that a value belongs to, in `[outer, inner]` of `[outer, levels, inner]`. */
function meanOf(place: number, levels: number, inner: number): number {
  return Math.floor(place / (levels * inner)) * inner + (place % inner);
}

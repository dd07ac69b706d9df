import { PairedStatsError } from "../paired-stats-error.ts";
import { pearson } from "./pearson.ts";

/**
 * Pearson's r between two maps over the same units, such as the t of two runs. Units at which either is not finite
 * (degenerate ones have t = ±Infinity) are left out.
 *
 * @param x - [units].
 * @param y - [units].
 * @returns r from −1 to 1.
 * @throws {@link PairedStatsError} `shape-mismatch` where the lengths differ; `degenerate` where fewer than two units take part or a
 *   map does not vary.
 * @example
 * ```ts
 * correlateUnits(pairedT(here).t, pairedT(there).t);
 * ```
 */
export function correlateUnits(x: Float64Array, y: Float64Array): number {
  if (x.length !== y.length) {
    throw new PairedStatsError(
      "shape-mismatch",
      `two maps over the same units must be of one length, but have ${x.length} and ${y.length} values; take both from runs of one layout`,
      { x: x.length, y: y.length },
    );
  }
  return pearson(x, y, (unit) => Number.isFinite(x[unit]) && Number.isFinite(y[unit]));
}

import { PairedStatsError } from "./paired-stats-error.ts";
import { valueAt } from "./reading.ts";

/**
 * A quantile of sorted values by linear interpolation between order statistics, as numpy's default.
 *
 * @param sorted - ascending, at least one value; ±Infinity may occur.
 * @param fraction - from 0 (the least) to 1 (the greatest).
 * @throws {@link PairedStatsError} `invalid-argument` for no values.
 * @see Hyndman & Fan (1996), The American Statistician 50, 361, definition 7.
 */
export function quantile(sorted: Float64Array, fraction: number): number {
  if (sorted.length === 0)
    throw new PairedStatsError("invalid-argument", "quantile: expected at least one value, got none", {});
  const place = (sorted.length - 1) * fraction;
  const below = Math.floor(place);
  const low = valueAt(sorted, below);
  const high = valueAt(sorted, Math.ceil(place));
  return low === high ? low : low + (high - low) * (place - below);
}

/** The median of values in any order. */
export function median(values: Iterable<number>): number {
  return quantile(Float64Array.from(values).sort(), 0.5);
}

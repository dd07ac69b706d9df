import { quantile } from "../quantile.ts";
import { valueAt } from "../reading.ts";

/** What a statistic does when the labels mean nothing. */
export interface NullDistribution {
  /** Mean over the labellings. */
  readonly mean: number;
  /** Median. */
  readonly p50: number;
  /** 95th percentile (linear interpolation between order statistics, as numpy's default). */
  readonly p95: number;
  /** 99th percentile. */
  readonly p99: number;
  /** The statistic under each labelling, in the order of the labellings. */
  readonly values: Float64Array | Uint32Array;
}

/** A statistic of the observed labelling against its null. */
export interface Tested {
  /** The statistic under the labelling that was measured. */
  readonly observed: number;
  /** The statistic under the other labellings. */
  readonly null: NullDistribution;
  /** `observed / null.p99`; 0 where both are 0, Infinity where only the percentile is. */
  readonly observedOverP99: number;
  /**
   * The share of labellings, the observed one among them, whose statistic is at least the observed: (b + 1) / (m + 1)
   * over m random or given labellings, b / m over all of them.
   */
  readonly p: number;
}

/**
 * Compares an observed statistic with its values under the labellings of a null.
 *
 * @param least - the least value that reaches the observed one: it, less what ties with it.
 */
export function testAgainstNull(
  observed: number,
  values: Float64Array | Uint32Array,
  exact: boolean,
  least: number = observed,
): Tested {
  const sorted = Float64Array.from(values).sort();
  const p99 = quantile(sorted, 0.99);
  return {
    observed,
    null: {
      mean: meanOf(values),
      p50: quantile(sorted, 0.5),
      p95: quantile(sorted, 0.95),
      p99,
      values,
    },
    observedOverP99: observed === 0 ? 0 : observed / p99,
    p: pOfRank(countReaching(sorted, least), values.length, exact),
  };
}

/** How many of the ascending values are at least as great. */
export function countReaching(sorted: Float64Array, least: number): number {
  let low = 0;
  let high = sorted.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (valueAt(sorted, middle) < least) low = middle + 1;
    else high = middle;
  }
  return sorted.length - low;
}

/**
 * The p-value of a statistic that `reaching` of `labellings` reach. All labellings contain the observed one; to random
 * ones it is added (Phipson & Smyth 2010, Stat. Appl. Genet. Mol. Biol. 9, 39).
 */
export function pOfRank(reaching: number, labellings: number, exact: boolean): number {
  return exact ? Math.max(1, reaching) / labellings : (reaching + 1) / (labellings + 1);
}

function meanOf(values: Float64Array | Uint32Array): number {
  let sum = 0;
  for (const value of values) sum += value;
  return sum / values.length;
}

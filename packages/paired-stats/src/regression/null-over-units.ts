import { setImmediate } from "node:timers/promises";
import { chooseLabellings } from "../flips/labellings.ts";
import { pOfRank, testAgainstNull, type Tested } from "../flips/null-distribution.ts";
import type { SignFlipOptions, ThresholdNull } from "../flips/sign-flip-null.ts";
import { checkFlips, checkThreshold } from "../options.ts";
import { PairedStatsError } from "../paired-stats-error.ts";
import { integerAt, itemAt, valueAt } from "../reading.ts";

/** The null of a statistic over all units, and of each unit by itself. */
export interface NullOverUnits {
  /** How many labellings the null is made of. */
  readonly labellings: number;
  /** Whether these are all labellings. */
  readonly exact: boolean;
  /** Units without the statistic. They take no part, neither observed nor in the null. */
  readonly degenerateUnits: readonly number[];
  /** The number of units over each threshold. */
  readonly thresholds: readonly ThresholdNull[];
  /** The greatest value of any unit. */
  readonly maximum: Tested;
  /** Per unit, the share of labellings, the observed one among them, that reach it; 1 for degenerate units. */
  readonly unitP: Float64Array;
}

/** Options of the nulls of regressions and correlations; they are computed in the calling thread. */
export interface NullOverUnitsOptions extends Omit<SignFlipOptions, "threads" | "engine"> {
  /** Units are counted whose statistic is strictly greater in size. */
  readonly thresholds?: readonly number[];
}

/** A statistic that rises with evidence of either sign, for each tested unit, under one labelling. */
export type StatisticUnderFlips = (flips: (pair: number) => boolean, values: Float64Array) => void;

/** Collects the null of a statistic over the tested units. */
export async function nullOverUnits(
  [pairs, columns]: readonly [number, number],
  testedUnits: readonly number[],
  statistic: StatisticUnderFlips,
  thresholds: readonly number[],
  { flips = 200, seed = 0, signs, exact = false, onProgress, signal }: NullOverUnitsOptions,
): Promise<NullOverUnits> {
  checkFlips(flips, seed);
  for (const threshold of thresholds) checkThreshold(threshold);
  signal?.throwIfAborted();
  if (testedUnits.length === 0)
    throw new PairedStatsError("degenerate", "differences: expected a unit that varies, got none", {
      units: columns,
    });
  const labellings = chooseLabellings(pairs, { flips, seed, signs, exact });
  const observed = new Float64Array(testedUnits.length);
  statistic(() => false, observed);
  const values = new Float64Array(testedUnits.length);
  const counts = thresholds.map(() => new Uint32Array(labellings.count));
  const maxima = new Float64Array(labellings.count);
  const reached = new Uint32Array(testedUnits.length);
  for (let labelling = 0; labelling < labellings.count; labelling += 1) {
    statistic((pair) => labellings.flips(labelling, pair), values);
    for (let unit = 0; unit < values.length; unit += 1) {
      const value = valueAt(values, unit);
      if (value > valueAt(maxima, labelling)) maxima[labelling] = value;
      if (value >= valueAt(observed, unit) * (1 - 1e-12)) reached[unit] = integerAt(reached, unit) + 1;
    }
    for (const [place, threshold] of thresholds.entries())
      itemAt(counts, place)[labelling] = countAbove(values, threshold);
    onProgress?.({ done: labelling + 1, total: labellings.count });
    await setImmediate();
    signal?.throwIfAborted();
  }

  const unitP = new Float64Array(columns).fill(1);
  for (const [place, unit] of testedUnits.entries())
    unitP[unit] = pOfRank(integerAt(reached, place), labellings.count, exact);
  const tested = new Set(testedUnits);
  return {
    labellings: labellings.count,
    exact,
    degenerateUnits: Array.from({ length: columns }, (_, unit) => unit).filter((unit) => !tested.has(unit)),
    thresholds: thresholds.map((threshold, place) => ({
      threshold,
      ...testAgainstNull(countAbove(observed, threshold), itemAt(counts, place), exact),
    })),
    maximum: testAgainstNull(
      observed.reduce((highest, value) => Math.max(highest, value), 0),
      maxima,
      exact,
    ),
    unitP,
  };
}

function countAbove(values: Float64Array, threshold: number): number {
  let count = 0;
  for (const value of values) if (value > threshold) count += 1;
  return count;
}

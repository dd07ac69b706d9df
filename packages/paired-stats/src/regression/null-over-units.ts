import { setImmediate } from "node:timers/promises";
import { chooseLabellings } from "../flips/labellings.ts";
import { pOfRank, testAgainstNull, type Tested } from "../flips/null-distribution.ts";
import type { SignFlipOptions, ThresholdNull } from "../flips/sign-flip-null.ts";
import { checkFlips, checkThresholds } from "../options.ts";
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
  readonly thresholds?: ArrayLike<number>;
}

/** Their names. */
export const NULL_OPTIONS: readonly (keyof NullOverUnitsOptions)[] = [
  "flips",
  "seed",
  "signs",
  "exact",
  "thresholds",
  "onProgress",
  "signal",
];

/** What ties with a value of the statistic. */
export interface Ties {
  /** Per tested unit, how far apart two equal values can lie, as correlations. */
  readonly margins: Float64Array;
  /** Moves a value by so much, as a correlation. */
  readonly move: (value: number, by: number) => number;
}

/** A statistic that rises with evidence of either sign, for each tested unit, under one labelling. */
export type StatisticUnderFlips = (flips: (pair: number) => boolean, values: Float64Array) => void;

/** Collects the null of a statistic over the tested units. */
export async function nullOverUnits(
  [pairs, columns]: readonly [number, number],
  testedUnits: readonly number[],
  statistic: StatisticUnderFlips,
  { margins, move }: Ties,
  givenThresholds: ArrayLike<number>,
  { flips = 200, seed = 0, signs, exact = false, onProgress, signal }: NullOverUnitsOptions,
): Promise<NullOverUnits> {
  checkFlips(flips, seed);
  const thresholds = checkThresholds(givenThresholds);
  signal?.throwIfAborted();
  if (testedUnits.length === 0)
    throw new PairedStatsError("degenerate", "differences: expected a unit that varies, got none", {
      units: columns,
    });
  const labellings = chooseLabellings(pairs, { flips, seed, signs, exact });
  const observed = new Float64Array(testedUnits.length);
  statistic(() => false, observed);
  const least = observed.map((value, place) => move(value, -valueAt(margins, place)));
  const limits = thresholds.map((threshold) => margins.map((margin) => move(threshold, margin)));
  const values = new Float64Array(testedUnits.length);
  const counts = thresholds.map(() => new Uint32Array(labellings.count));
  const maxima = new Float64Array(labellings.count);
  const reached = new Uint32Array(testedUnits.length);
  for (let labelling = 0; labelling < labellings.count; labelling += 1) {
    statistic((pair) => labellings.flips(labelling, pair), values);
    for (let unit = 0; unit < values.length; unit += 1) {
      const value = valueAt(values, unit);
      if (value > valueAt(maxima, labelling)) maxima[labelling] = value;
      if (value >= valueAt(least, unit)) reached[unit] = integerAt(reached, unit) + 1;
    }
    for (const [place, limit] of limits.entries())
      itemAt(counts, place)[labelling] = countAbove(values, limit);
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
      ...testAgainstNull(countAbove(observed, itemAt(limits, place)), itemAt(counts, place), exact),
    })),
    maximum: testAgainstNull(highest(observed), maxima, exact, highest(least)),
    unitP,
  };
}

function countAbove(values: Float64Array, limits: Float64Array): number {
  let count = 0;
  for (let place = 0; place < values.length; place += 1)
    if (valueAt(values, place) > valueAt(limits, place)) count += 1;
  return count;
}

function highest(values: Float64Array): number {
  return values.reduce((most, value) => Math.max(most, value), 0);
}

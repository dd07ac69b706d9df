import type { Matrix } from "../matrix.ts";
import { checkFlips, checkOptions, checkThresholds } from "../options.ts";
import { unitT } from "../paired-t.ts";
import { PairedStatsError } from "../paired-stats-error.ts";
import { itemAt, valueAt } from "../reading.ts";
import { resolutionOf } from "../resolution.ts";
import { chooseLabellings, type SignMatrix } from "./labellings.ts";
import { testAgainstNull, type Tested } from "./null-distribution.ts";
import { scoreLabellings, type ComputingOptions } from "./score-labellings.ts";
import { scoreOfT, tOfScore } from "./unit-tiles.ts";

/** Which labellings the null is made of, and what is counted under each. */
export interface SignFlipOptions extends ComputingOptions {
  /** How many random labellings; ignored with `signs` or `exact`. */
  readonly flips?: number;
  /** Seed of the random labellings, a whole number. */
  readonly seed?: number;
  /** Labellings of the caller's choice instead of random ones. */
  readonly signs?: SignMatrix;
  /** Take all 2^(N − 1) labellings that differ by more than a common sign; up to 27 pairs. */
  readonly exact?: boolean;
}

/** Their names. */
export const SIGN_FLIP_OPTIONS: readonly (keyof SignFlipOptions)[] = [
  "flips",
  "seed",
  "signs",
  "exact",
  "onProgress",
  "signal",
  "threads",
  "engine",
];

/** Options of {@link signFlipNull}. */
export interface SignFlipNullOptions extends SignFlipOptions {
  /** Units are counted whose |t| is strictly greater; any number of thresholds, none included. */
  readonly thresholds?: ArrayLike<number>;
}

/** The number of units over one threshold of |t|, against its null. */
export interface ThresholdNull extends Tested {
  /** The threshold of |t|. */
  readonly threshold: number;
}

/** What the statistics of all units do together when the labels mean nothing. */
export interface SignFlipNull {
  /** How many labellings the null is made of. */
  readonly labellings: number;
  /** Whether these are all labellings. */
  readonly exact: boolean;
  /** Pairs, N. */
  readonly pairs: number;
  /** Units that took part: all but the degenerate ones. */
  readonly testedUnits: number;
  /** Units whose differences are all equal within their resolution. They take no part, neither observed nor in the null. */
  readonly degenerateUnits: readonly number[];
  /** One entry per threshold, in their order. */
  readonly thresholds: readonly ThresholdNull[];
  /** The greatest |t| of any unit. */
  readonly maximum: Tested;
}

/** Above this score (|t| > 100 √(N − 1)) the short formula for t loses digits, and t is computed from the values. */
const EXTREME_SCORE = 0.99995;

/**
 * The sign-flip null over all units: under each labelling some pairs change sides, whole pairs at a time, so that the
 * dependence between units stays; counted are the units over each threshold of |t|, and the greatest |t|.
 *
 * What ties within the resolution of the measurements ties: a unit whose |t| equals a threshold is not over it, a
 * labelling whose greatest |t| equals the observed one reaches it. Sums are exact, so neither the order of the pairs nor
 * the way in which they are added changes a count.
 *
 * @param differences - `[pairs, units]`, two pairs or more.
 * @returns the observed counts and maximum with their null distributions.
 * @throws {@link PairedStatsError} for invalid differences as {@link pairedT}; `invalid-argument`, `invalid-signs` or
 *   `too-many-labellings` for invalid options; `degenerate` if no unit varies. An aborted signal rejects with its
 *   reason.
 * @see Winkler et al. (2014), NeuroImage 92, 381 (sign flips); Nichols & Holmes (2002), Hum. Brain Mapp. 15, 1 (max t).
 * @example
 * const { thresholds, maximum } = await signFlipNull(differences, { flips: 200, seed: 0, thresholds: [3, 5] });
 * thresholds[0].observedOverP99; // how far the observed count lies beyond chance
 */
export async function signFlipNull(
  differences: Matrix,
  options: SignFlipNullOptions = {},
): Promise<SignFlipNull> {
  checkOptions(options, [...SIGN_FLIP_OPTIONS, "thresholds"]);
  const { flips = 200, seed = 0, signs, exact = false, ...computing } = options;
  checkFlips(flips, seed);
  const thresholds = checkThresholds(options.thresholds ?? [3, 5]);
  const { t, degenerateUnits, testedUnits: units } = unitT(differences);
  const [pairs, columns] = differences.shape;
  if (units.length === 0)
    throw new PairedStatsError(
      "degenerate",
      "differences: expected a unit that varies between pairs, got none",
      {
        units: columns,
      },
    );

  const labellings = chooseLabellings(pairs, { flips, seed, signs, exact });
  const { counts, maxima, observed, margins } = await scoreLabellings(
    differences,
    units,
    labellings,
    thresholds,
    computing,
  );
  const highest = (values: Float64Array): number => values.reduce((most, value) => Math.max(most, value), 0);
  const highestScore = highest(observed);
  const greatestT = highest(Float64Array.from(units, (unit) => Math.abs(valueAt(t, unit))));
  for (const [labelling, score] of maxima.entries())
    if (score === highestScore)
      maxima[labelling] = greatestT; // in the digits of pairedT
    else if (score <= EXTREME_SCORE) maxima[labelling] = tOfScore(score, pairs);
    else maxima[labelling] = largestT(differences, units, (pair) => labellings.flips(labelling, pair));

  const least = observed.map((score, place) => tOfScore(score - valueAt(margins, place), pairs));
  const countOver = (threshold: number): number => {
    const bound = scoreOfT(threshold, pairs);
    return observed.filter((score, place) => score > bound + valueAt(margins, place)).length;
  };
  return {
    labellings: labellings.count,
    exact,
    pairs,
    testedUnits: units.length,
    degenerateUnits,
    thresholds: thresholds.map((threshold, place) => ({
      threshold,
      ...testAgainstNull(countOver(threshold), itemAt(counts, place), exact),
    })),
    maximum: testAgainstNull(greatestT, maxima, exact, highest(least)),
  };
}

/** The greatest |t| under one labelling, by the two-pass formula. */
function largestT(differences: Matrix, units: readonly number[], flips: (pair: number) => boolean): number {
  const { data, shape } = differences;
  const resolution = resolutionOf(differences);
  const relabelled = Float64Array.from(data, (value, at) =>
    flips(Math.floor(at / shape[1])) ? -value : value,
  );
  const { t } = unitT({ data: relabelled, shape, resolution });
  return units.reduce((highest, unit) => Math.max(highest, Math.abs(valueAt(t, unit))), 0);
}

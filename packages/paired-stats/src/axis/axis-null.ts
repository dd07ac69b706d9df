import { chooseLabellings } from "../flips/labellings.ts";
import type { Tested } from "../flips/null-distribution.ts";
import type { SignFlipOptions } from "../flips/sign-flip-null.ts";
import { checkGrams, type GramMatrices } from "../grams/grams.ts";
import { nullOverSets, type TestedSet } from "../grams/null-over-sets.ts";
import { checkFlips, checkOptions } from "../options.ts";
import { itemAt, valueAt } from "../reading.ts";
import { chooseHalvings, HALVING_OPTIONS, type HalvingOptions } from "../reliability/halves.ts";
import { halvesCosine, planHalvings, projectPairs, scoreAxis } from "./axis-scores.ts";
import { firstComponent, type FirstComponent } from "./first-component.ts";

/** Options of {@link axisNull}; it is computed in the calling thread. */
export interface AxisNullOptions
  extends HalvingOptions, Omit<SignFlipOptions, "threads" | "engine" | "seed"> {}

/** Whether the pairs of one set of channels differ along one direction. */
export interface SetAxis {
  /** The mean over pairs of the cosine between a pair's difference and the sum of all others': 1 for one direction. */
  readonly projection: TestedSet;
  /**
   * The share of the differences' sum of squares that their mean explains, N ‖mean‖² / Σ ‖difference‖²: 1 for equal
   * differences, about 1 / N for those that have nothing in common. Never above `firstComponent.share`.
   */
  readonly meanShare: TestedSet;
  /**
   * The same share across halves of the pairs, mean · mean of the other half instead of ‖mean‖²: the median over halvings.
   * About 0 without a common direction, 1 for equal differences.
   */
  readonly splitHalfShare: TestedSet;
  /**
   * The median over halvings of the cosine between the mean differences of two halves. It describes, and is not tested: a
   * cosine has no length, so that along one strong direction flipped halves point the same way as often as opposite
   * ways, with cosines of ±1. `splitHalfShare` keeps the lengths.
   */
  readonly splitHalfCosine: number;
  /** Each pair's difference projected on the direction of the others' sum, in the unit of measurement: `[pairs]`. */
  readonly projections: Float64Array;
  /**
   * The first principal component of the differences about 0. Flips of whole pairs change neither its share nor its
   * direction, so that no flip null can test it: it is the ceiling of `meanShare`, which flips do change.
   */
  readonly firstComponent: FirstComponent;
}

/** Whether pairs differ along one direction, against sign flips of the pairs. */
export interface AxisNull {
  /** How many labellings the null is made of. */
  readonly labellings: number;
  /** Whether these are all labellings. */
  readonly exact: boolean;
  /** How many halvings the medians are taken over. */
  readonly splits: number;
  /** Sets in which no pair differs: every statistic is 0, with p 1. */
  readonly degenerateSets: readonly number[];
  /** One entry per set, in their order. */
  readonly sets: readonly SetAxis[];
  /** The greatest value of any set, statistic by statistic. */
  readonly maximum: Readonly<Record<"projection" | "meanShare" | "splitHalfShare", Tested>>;
}

/**
 * Whether the differences of pairs point in one direction, for many sets of channels at once: signed responses, of which
 * a root mean square would say only that there are some. Flips change sides of whole pairs, all sets alike; under each
 * labelling all halvings are the same.
 *
 * @param grams - `[sets, pairs, pairs]`, inner products of the pairs' differences (see {@link gramMatrices}); four pairs
 *   or more.
 * @throws {@link PairedStatsError} `shape-mismatch` or `non-finite` for invalid Gram matrices; `too-few-pairs`,
 *   `invalid-argument`, `invalid-signs` or `too-many-labellings` for halvings and flips that cannot be; `degenerate` if no
 *   pair differs in any set. An aborted signal rejects with its reason.
 * @see Walther et al. (2016), NeuroImage 137, 188 (cross-validated distances: no pair takes part in the direction that
 *   it is projected on); Allefeld & Haynes (2014), NeuroImage 89, 345; Nichols & Holmes (2002), Hum. Brain Mapp. 15, 1.
 * @example
 * const grams = gramMatrices(pairedDifference(a, b), heads);
 * const { sets, maximum } = await axisNull(grams, { flips: 1000 });
 * sets[0].projection.familyWiseP;
 */
export async function axisNull(grams: GramMatrices, options: AxisNullOptions = {}): Promise<AxisNull> {
  checkOptions(options, [...HALVING_OPTIONS, "flips", "signs", "exact", "onProgress", "signal"]);
  const { flips = 200, seed = 0, signs, exact = false, splits = 50, halves, onProgress, signal } = options;
  checkFlips(flips, seed);
  checkGrams(grams);
  const [sets, pairs] = grams.shape;
  const gramOf = (set: number): Float64Array =>
    grams.data.subarray(set * pairs * pairs, (set + 1) * pairs * pairs);
  const halvings = planHalvings(chooseHalvings(pairs, { splits, seed, halves }), pairs);
  const labellings = chooseLabellings(pairs, { flips, seed, signs, exact });
  const degenerateSets = Array.from({ length: sets }, (_, set) => set).filter(
    (set) => !hasSquares(gramOf(set), pairs),
  );
  const degenerate = new Set(degenerateSets);
  const results = await nullOverSets({
    sets,
    degenerateSets,
    labellings: labellings.count,
    exact,
    statistics: 3,
    prepare: (set) => scoreAxis(gramOf(set), pairs, halvings, labellings.flips),
    onProgress,
    signal,
  });
  const [projection, meanShare, splitHalfShare] = [
    itemAt(results, 0),
    itemAt(results, 1),
    itemAt(results, 2),
  ];
  return {
    labellings: labellings.count,
    exact,
    splits: halvings.firsts.length,
    degenerateSets,
    sets: projection.sets.map((ofSet, set) => ({
      projection: ofSet,
      meanShare: itemAt(meanShare.sets, set),
      splitHalfShare: itemAt(splitHalfShare.sets, set),
      splitHalfCosine: halvesCosine(gramOf(set), pairs, halvings),
      projections: projectPairs(gramOf(set), pairs),
      firstComponent: degenerate.has(set) ? { share: 0, cosine: 0 } : firstComponent(gramOf(set), pairs),
    })),
    maximum: {
      projection: projection.maximum,
      meanShare: meanShare.maximum,
      splitHalfShare: splitHalfShare.maximum,
    },
  };
}

function hasSquares(gram: Float64Array, pairs: number): boolean {
  for (let pair = 0; pair < pairs; pair += 1) if (valueAt(gram, pair * (pairs + 1)) > 0) return true;
  return false;
}

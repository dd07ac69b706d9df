import { setImmediate } from "node:timers/promises";
import { chooseLabellings, type SignMatrix } from "../flips/labellings.ts";
import { testAgainstNull, type Tested } from "../flips/null-distribution.ts";
import type { Progress } from "../flips/score-labellings.ts";
import type { Matrix } from "../matrix.ts";
import { checkOptions, checkWhole, MOST_FLIPS } from "../options.ts";
import { unitT } from "../paired-t.ts";
import { quantile } from "../quantile.ts";
import { itemAt, valueAt } from "../reading.ts";
import { commonRange, resolutionOf } from "../resolution.ts";
import { chooseHalvings, HALVING_OPTIONS, type Halving, type HalvingOptions } from "./halves.ts";
import { RunningCorrelation } from "./pearson.ts";

/** Options of {@link splitHalfReliability}. */
export interface SplitHalfOptions extends HalvingOptions {
  /** How many random sign flips the null is made of; 0 for no null. */
  readonly flips?: number;
  /** Labellings of the caller's choice instead of random ones. */
  readonly signs?: SignMatrix;
  /** Called after every labelling of the null. */
  readonly onProgress?: (progress: Progress) => void;
  /** Ends the computation early: the promise is rejected with the signal's reason. */
  readonly signal?: AbortSignal;
}

/** How well one half of the pairs tells the other, over several halvings. */
export interface Reliability {
  /** Pearson's r across units between the two halves, one per halving. */
  readonly r: Float64Array;
  /** Median of `r`. */
  readonly median: number;
  /** 25th percentile of `r`. */
  readonly lowerQuartile: number;
  /** 75th percentile of `r`. */
  readonly upperQuartile: number;
}

/** Split-half reliability of the units' profile. */
export interface SplitHalf {
  /** Of the t values. */
  readonly ofT: Reliability;
  /** Of the mean differences. */
  readonly ofMeanDifference: Reliability;
  /**
   * The median correlation of the t values against its sign-flip null: under each labelling the median over the same
   * halvings. Absent with `flips: 0`. Where units depend on each other a few of them decide r, and it strays far from 0
   * on pure noise: read r beside this null.
   */
  readonly nullOfT?: Tested;
  /** The same for the mean differences. */
  readonly nullOfMeanDifference?: Tested;
}

/**
 * Whether two halves of the pairs show the same units: Pearson's r across units between the halves' t, and between
 * their mean differences, over many halvings, with its own sign-flip null.
 *
 * Units that do not vary over all pairs take no part; a unit that does not vary within a half is left out of that
 * halving.
 *
 * @param differences - `[pairs, units]`, four pairs or more, two units or more that vary.
 * @throws {@link PairedStatsError} as {@link pairedT} for invalid differences; `too-few-pairs`, `invalid-argument`, `invalid-signs` for
 *   halvings and flips that cannot be; `degenerate` where fewer than two units vary. An aborted signal rejects with its
 *   reason.
 * @see Spearman (1910) and Brown (1910), Br. J. Psychol. 3, for the idea; no length correction is applied.
 * @example
 * const { ofT } = await splitHalfReliability(differences, { splits: 100, seed: 0 });
 * ofT.median; // 0.94
 */
export async function splitHalfReliability(
  differences: Matrix,
  options: SplitHalfOptions = {},
): Promise<SplitHalf> {
  checkOptions(options, [...HALVING_OPTIONS, "flips", "signs", "onProgress", "signal"]);
  const { flips = 100, signs, onProgress, signal, ...halving } = options;
  checkWhole(flips, "flips", 0, MOST_FLIPS);
  signal?.throwIfAborted();
  const { degenerateUnits } = unitT(differences);
  const [pairs] = differences.shape;
  const halvings = chooseHalvings(pairs, halving);
  const degenerate = new Set(degenerateUnits);
  const plan = await planHalves(differences, halvings, degenerate, signal);
  const observed = await flippedCorrelations(plan, () => false, signal);
  const ofT = reliability(observed.t);
  const ofMeanDifference = reliability(observed.mean);
  if (flips === 0 && !signs) return { ofT, ofMeanDifference };

  const labellings = chooseLabellings(pairs, { flips, seed: halving.seed ?? 0, signs, exact: false });
  const medians = { t: new Float64Array(labellings.count), mean: new Float64Array(labellings.count) };
  for (let labelling = 0; labelling < labellings.count; labelling += 1) {
    const r = await flippedCorrelations(plan, (pair) => labellings.flips(labelling, pair), signal);
    medians.t[labelling] = quantile(r.t.sort(), 0.5);
    medians.mean[labelling] = quantile(r.mean.sort(), 0.5);
    onProgress?.({ done: labelling + 1, total: labellings.count });
    signal?.throwIfAborted();
  }
  return {
    ofT,
    ofMeanDifference,
    nullOfT: testAgainstNull(ofT.median, medians.t, false, ofT.median - TIE),
    nullOfMeanDifference: testAgainstNull(
      ofMeanDifference.median,
      medians.mean,
      false,
      ofMeanDifference.median - TIE,
    ),
  };
}

/** Correlations that are no further apart are equal but for rounding. */
const TIE = 1e-10;

/** After every halving: lets others have their turn, the signal among them. */
async function giveWay(signal: AbortSignal | undefined): Promise<void> {
  await setImmediate();
  signal?.throwIfAborted();
}

/** One correlation per halving. */
interface Correlations {
  readonly t: Float64Array;
  readonly mean: Float64Array;
}

/** What the correlations need of the differences, prepared once: no flip changes a sum of squares. */
interface HalvesPlan {
  /** `[pairs, units]`, the units that vary. */
  readonly values: Float64Array;
  /** `[pairs, units]`, of these values. */
  readonly resolution: Float64Array;
  readonly pairs: number;
  readonly units: number;
  readonly halvings: readonly Halving[];
  /** Per halving, over the first half. */
  readonly firstSquares: readonly HalfSquares[];
  /** The same over the second half. */
  readonly secondSquares: readonly HalfSquares[];
}

/** Sums over the pairs of a half, one per unit. */
interface HalfSquares {
  /** Σd². */
  readonly squares: Float64Array;
  /** A variance below this may be rounding: it is taken from the values. */
  readonly little: Float64Array;
}

async function planHalves(
  differences: Matrix,
  halvings: readonly Halving[],
  degenerate: ReadonlySet<number>,
  signal: AbortSignal | undefined,
): Promise<HalvesPlan> {
  const [pairs, columns] = differences.shape;
  const varies = (_: number, at: number): boolean => !degenerate.has(at % columns);
  const values = Float64Array.from(differences.data).filter(varies);
  const resolution = resolutionOf(differences).filter(varies);
  const units = columns - degenerate.size;
  const squares = values.map((value) => value * value);
  const unresolved = resolution.map((value) => value * value);
  const sums = (chosen: readonly number[]): HalfSquares => {
    const sum = new Float64Array(units);
    const little = new Float64Array(units);
    for (const pair of chosen) {
      addRow(sum, squares.subarray(pair * units, (pair + 1) * units), 1);
      addRow(little, unresolved.subarray(pair * units, (pair + 1) * units), 1);
    }
    return {
      squares: sum,
      little: little.map((value, unit) => Math.max(value, LITTLE_VARIANCE * valueAt(sum, unit))),
    };
  };
  const firstSquares: HalfSquares[] = [];
  const secondSquares: HalfSquares[] = [];
  for (const { first, second } of halvings) {
    firstSquares.push(sums(first));
    secondSquares.push(sums(second));
    await giveWay(signal);
  }
  return { values, resolution, pairs, units, halvings, firstSquares, secondSquares };
}

/** Where less than this part of a half's squares is variance, the difference of sums loses digits. */
const LITTLE_VARIANCE = 1e-4;

/** The correlations under one labelling, from sums alone: over a half of n pairs, variance ∝ Σd² − (Σ ± d)² / n. */
async function flippedCorrelations(
  { values, resolution, pairs, units, halvings, firstSquares, secondSquares }: HalvesPlan,
  flips: (pair: number) => boolean,
  signal: AbortSignal | undefined,
): Promise<Correlations> {
  const row = (pair: number): Float64Array => values.subarray(pair * units, (pair + 1) * units);
  const total = new Float64Array(units);
  for (let pair = 0; pair < pairs; pair += 1) addRow(total, row(pair), flips(pair) ? -1 : 1);
  const firstSums = new Float64Array(units);
  const t = new Float64Array(halvings.length);
  const mean = new Float64Array(halvings.length);
  for (const [split, { first, second }] of halvings.entries()) {
    firstSums.fill(0);
    for (const pair of first) addRow(firstSums, row(pair), flips(pair) ? -1 : 1);
    const ofT = new RunningCorrelation();
    const ofMean = new RunningCorrelation();
    const ofFirst = itemAt(firstSquares, split);
    const ofSecond = itemAt(secondSquares, split);
    const carefully = (half: readonly number[], unit: number): number =>
      squaresAboutMean(
        half.map((pair) => (flips(pair) ? -1 : 1) * valueAt(values, pair * units + unit)),
        half.map((pair) => valueAt(resolution, pair * units + unit)),
      );
    for (let unit = 0; unit < units; unit += 1) {
      const left = valueAt(firstSums, unit);
      const right = valueAt(total, unit) - left;
      ofMean.add(left, right);
      let leftVariance = valueAt(ofFirst.squares, unit) - (left * left) / first.length;
      let rightVariance = valueAt(ofSecond.squares, unit) - (right * right) / second.length;
      if (leftVariance <= valueAt(ofFirst.little, unit)) leftVariance = carefully(first, unit);
      if (rightVariance <= valueAt(ofSecond.little, unit)) rightVariance = carefully(second, unit);
      if (leftVariance > 0 && rightVariance > 0)
        ofT.add(left / Math.sqrt(leftVariance), right / Math.sqrt(rightVariance));
    }
    t[split] = ofT.r();
    mean[split] = ofMean.r();
    await giveWay(signal);
  }
  return { t, mean };
}

/** Σ(v − mean)², by two passes from the first value: exactly 0 for values that are equal within their resolution. */
function squaresAboutMean(values: readonly number[], resolution: readonly number[]): number {
  const range = commonRange(
    values.length,
    (index) => values[index] ?? NaN,
    (index) => resolution[index] ?? NaN,
  );
  if (range) return 0;
  const [first = NaN] = values;
  const mean = values.reduce((sum, value) => sum + (value - first), 0) / values.length;
  return values.reduce((sum, value) => sum + (value - first - mean) ** 2, 0);
}

function addRow(sums: Float64Array, row: Float64Array, sign: number): void {
  for (let unit = 0; unit < sums.length; unit += 1)
    sums[unit] = valueAt(sums, unit) + sign * valueAt(row, unit);
}

function reliability(r: Float64Array): Reliability {
  const sorted = Float64Array.from(r).sort();
  return {
    r,
    median: quantile(sorted, 0.5),
    lowerQuartile: quantile(sorted, 0.25),
    upperQuartile: quantile(sorted, 0.75),
  };
}

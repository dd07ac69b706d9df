import { setImmediate } from "node:timers/promises";
import type { Progress } from "../flips/score-labellings.ts";
import { roundingOfScores, scaleUnits, scoreOfT } from "../flips/unit-tiles.ts";
import type { Matrix } from "../matrix.ts";
import { checkOptions, checkThreshold, checkWhole } from "../options.ts";
import { checkSquarable } from "../paired-t.ts";
import { PairedStatsError } from "../paired-stats-error.ts";
import { randomBelow, randomWords } from "../random.ts";
import { valueAt } from "../reading.ts";
import { commonRange, resolutionReader } from "../resolution.ts";
import { unitsByBlock } from "./units-by-block.ts";

/** Options of {@link rankStability}. */
export interface RankStabilityOptions {
  /** Units are counted whose |t| is strictly greater. */
  readonly threshold?: number;
  /** How many times the pairs are drawn, with replacement. */
  readonly resamples?: number;
  /** Seed of the draws, a whole number. */
  readonly seed?: number;
  /** Called after every portion of units. */
  readonly onProgress?: ((progress: Progress) => void) | undefined;
  /** Ends the computation between two portions: the promise is rejected with the signal's reason. */
  readonly signal?: AbortSignal | undefined;
}

/** How often one block ranks high when the pairs are drawn again. */
export interface BlockStability {
  /** The block's label. */
  readonly block: string;
  /** The share of the ranked resamples in which it is first. */
  readonly first: number;
  /** The share in which it is among the first three. */
  readonly topThree: number;
}

/** How much the ranking of the blocks depends on which pairs were measured. */
export interface RankStability {
  /** How many times the pairs were drawn. */
  readonly resamples: number;
  /** The draws in which a unit varies, so that there is a ranking. The others, such as one pair drawn N times, do not count. */
  readonly rankedResamples: number;
  /** The blocks in the order in which they first occur. */
  readonly blocks: readonly BlockStability[];
}

/** Beyond, the draws fill gigabytes. */
const MOST_RESAMPLES = 2 ** 20;
/** Multiplications between two looks at the abort signal: about a tenth of a second. */
const PORTION = 2 ** 25;
/** Of the squared length of a unit's differences: what the rounding of sums can leave of a variance of 0. */
const ROUNDING_OF_SQUARES = 1e-12;
/** Highest scores are compared in these steps, so that equal ones tie whatever their rounding. */
const SCORE_STEP = 2 ** -40;

/**
 * How often each block stays first, and among the first three, when the pairs are drawn again with replacement
 * (bootstrap). Each resample is ranked as {@link summarizeByBlock} ranks: by share over the threshold, then by the
 * greatest |t|, then by order. Resampling adds noise of its own, so the shares of a leading block err to the low side.
 *
 * @param differences - `[pairs, units]`, two pairs or more.
 * @param blocks - one block label per unit, in the order of the units.
 * @throws {@link PairedStatsError} for invalid differences as {@link pairedT}; `shape-mismatch` unless there is one label per
 *   unit; `invalid-argument` for options out of range; `degenerate` if no resample has a unit that varies. An aborted
 *   signal rejects with its reason.
 * @see Efron & Tibshirani (1993), An Introduction to the Bootstrap, chapter 6.
 * @example
 * const { blocks } = await rankStability(differences, ["joint.0", "joint.0", "single.0"], { resamples: 1_000 });
 * blocks[0].first; // 0.87
 */
export async function rankStability(
  differences: Matrix,
  blocks: readonly string[],
  options: RankStabilityOptions = {},
): Promise<RankStability> {
  checkOptions(options, ["threshold", "resamples", "seed", "onProgress", "signal"]);
  const { threshold = 3, resamples = 1_000, seed = 0, onProgress, signal } = options;
  checkThreshold(threshold);
  checkWhole(resamples, "resamples", 1, MOST_RESAMPLES);
  checkWhole(seed, "seed", Number.MIN_SAFE_INTEGER);
  checkSquarable(differences);
  signal?.throwIfAborted();
  const [pairs, total] = differences.shape;
  const members = unitsByBlock(blocks, total);
  const weights = drawWeights(resamples, pairs, seed);
  const readUnit = unitReader(differences);
  const bound = scoreOfT(threshold, pairs);
  const unitsPerPortion = Math.max(1, Math.floor(PORTION / (pairs * resamples)));
  const results: BlockScores[] = [];
  let done = 0;
  for (const units of members.values()) {
    const scores = emptyScores(resamples);
    for (const unit of units) {
      scoreUnit(readUnit(unit), weights, bound, scores);
      done += 1;
      if (done % unitsPerPortion !== 0) continue;
      onProgress?.({ done, total });
      await setImmediate();
      signal?.throwIfAborted();
    }
    results.push(scores);
  }
  return countRanks([...members.keys()], results, resamples);
}

/** What the units of one block show together in each resample. */
interface BlockScores {
  /** Units that vary. */
  readonly tested: Uint32Array;
  /** Of them, those over the threshold. */
  readonly over: Uint32Array;
  /** The highest score s = |Σ d| / √(N Σd²), which rises with |t|. */
  readonly highest: Float64Array;
}

function emptyScores(resamples: number): BlockScores {
  return {
    tested: new Uint32Array(resamples),
    over: new Uint32Array(resamples),
    highest: new Float64Array(resamples),
  };
}

/** How often each pair is drawn: [resamples, pairs]. */
function drawWeights(resamples: number, pairs: number, seed: number): Float64Array {
  const words = randomWords(seed);
  const weights = new Float64Array(resamples * pairs);
  for (let resample = 0; resample < resamples; resample += 1)
    for (let draw = 0; draw < pairs; draw += 1) {
      const place = resample * pairs + randomBelow(words, pairs);
      weights[place] = valueAt(weights, place) + 1;
    }
  return weights;
}

/** The differences of one unit, and how finely each is known, in units of √(N Σd²). */
interface ScaledUnit {
  readonly values: Float64Array;
  readonly unresolved: Float64Array;
}

/** Reads one unit at a time into the same room. */
function unitReader(differences: Matrix): (unit: number) => ScaledUnit {
  const { data, shape } = differences;
  const [pairs, units] = shape;
  const resolution = resolutionReader(differences);
  const { scale } = scaleUnits(differences);
  const read: ScaledUnit = { values: new Float64Array(pairs), unresolved: new Float64Array(pairs) };
  return (unit) => {
    for (let pair = 0; pair < pairs; pair += 1) {
      const place = pair * units + unit;
      read.values[pair] = (data[place] ?? NaN) * valueAt(scale, unit);
      read.unresolved[pair] = resolution(place) * valueAt(scale, unit);
    }
    return read;
  };
}

/** Adds one unit to its block: a resample needs no more of it than Σ w d, Σ w d² and what is left unresolved. */
function scoreUnit(
  unit: ScaledUnit,
  weights: Float64Array,
  bound: number,
  { tested, over, highest }: BlockScores,
): void {
  const { values, unresolved } = unit;
  const pairs = values.length;
  const rounding = roundingOfScores(pairs);
  for (let resample = 0; resample < tested.length; resample += 1) {
    const first = resample * pairs;
    let sum = 0;
    let squares = 0;
    let margin = 0;
    for (let pair = 0; pair < pairs; pair += 1) {
      const weight = valueAt(weights, first + pair);
      const value = valueAt(values, pair);
      sum += weight * value;
      squares += weight * value * value;
      margin += weight * valueAt(unresolved, pair);
    }
    const variation = pairs * squares - sum * sum;
    // Values that can all be one number lie within half a resolution of it, so only a variance this small needs a look.
    const mayBeConstant = variation <= (pairs * margin * margin) / 4 + ROUNDING_OF_SQUARES * pairs * squares;
    if (mayBeConstant && isConstant(unit, weights, first)) continue;
    const length = Math.sqrt(pairs * squares);
    const score = Math.min(1, Math.abs(sum) / length);
    tested[resample] = (tested[resample] ?? 0) + 1;
    if (score * length > bound * length + margin + rounding * length)
      over[resample] = (over[resample] ?? 0) + 1;
    highest[resample] = Math.max(valueAt(highest, resample), Math.round(score / SCORE_STEP) * SCORE_STEP);
  }
}

/** Whether the values that a resample draws differ by no more than rounding; its weights begin at `first`. */
function isConstant({ values, unresolved }: ScaledUnit, weights: Float64Array, first: number): boolean {
  const common = commonRange(
    values.length,
    (pair) => valueAt(values, pair),
    (pair) => (valueAt(weights, first + pair) > 0 ? valueAt(unresolved, pair) : Infinity), // what is not drawn can be any number
  );
  return common !== undefined;
}

function countRanks(
  names: readonly string[],
  results: readonly BlockScores[],
  resamples: number,
): RankStability {
  const first = new Uint32Array(names.length);
  const topThree = new Uint32Array(names.length);
  let ranked = 0;
  for (let resample = 0; resample < resamples; resample += 1) {
    const rows = results.map(({ tested, over, highest }, place) => {
      const units = tested[resample] ?? 0;
      const share = units === 0 ? 0 : (over[resample] ?? 0) / units;
      return { place, units, share, score: valueAt(highest, resample) };
    });
    if (rows.every(({ units }) => units === 0)) continue;
    ranked += 1;
    rows.sort((left, right) => right.share - left.share || right.score - left.score);
    for (const [rank, { place }] of rows.slice(0, 3).entries()) {
      topThree[place] = (topThree[place] ?? 0) + 1;
      if (rank === 0) first[place] = (first[place] ?? 0) + 1;
    }
  }
  if (ranked === 0)
    throw new PairedStatsError(
      "degenerate",
      `differences: expected a resample in which a unit varies, got none of ${resamples}; measure more pairs`,
      { resamples },
    );
  return {
    resamples,
    rankedResamples: ranked,
    blocks: names.map((block, place) => ({
      block,
      first: (first[place] ?? 0) / ranked,
      topThree: (topThree[place] ?? 0) / ranked,
    })),
  };
}

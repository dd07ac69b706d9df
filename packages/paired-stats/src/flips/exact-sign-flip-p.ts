import { setImmediate } from "node:timers/promises";
import type { Matrix } from "../matrix.ts";
import { checkOptions } from "../options.ts";
import { PairedStatsError } from "../paired-stats-error.ts";
import { checkSquarable } from "../paired-t.ts";
import { valueAt } from "../reading.ts";
import type { Progress } from "./score-labellings.ts";
import { scaleDifference, scaleUnits } from "./unit-tiles.ts";

/** Beyond this each half of the pairs has more than 2^20 sums per unit. */
const MOST_PAIRS = 41;
/** Sums merged between two looks at the abort signal: about a tenth of a second. */
const SUMS_PER_TURN = 2 ** 20;

/** Options of {@link exactSignFlipP}. */
export interface ExactSignFlipPOptions {
  /** Called now and then with the units done and in all. */
  readonly onProgress?: (progress: Progress) => void;
  /** Ends the computation early: the promise is rejected with the signal's reason. */
  readonly signal?: AbortSignal;
}

/**
 * The exact two-sided sign-flip p-value of every unit: the share of all 2^N labellings whose |Σ ± d| reaches |Σ d|.
 *
 * No enumeration: the signed sums of each half of the pairs are listed in order and the two lists walked against each
 * other (meet in the middle, Horowitz & Sahni 1974, J. ACM 21, 277), so 2^(N/2) steps per unit instead of 2^N. Sums that
 * differ by no more than the resolution of the measurements count as equal.
 *
 * @param differences - `[pairs, units]`, 2 to 41 pairs.
 * @returns one probability per unit, a whole multiple of 2^(1 − N); 1 for a unit of zeros.
 * @throws {@link PairedStatsError} as {@link pairedT} for invalid differences, `too-many-labellings` above 41 pairs. An
 *   aborted signal rejects with its reason.
 * @see Fisher (1935), The Design of Experiments, section 21.
 * @example
 * await exactSignFlipP({ data: Float64Array.of(1, 2, 4), shape: [3, 1] }); // Float64Array [0.25]
 */
export async function exactSignFlipP(
  differences: Matrix,
  options: ExactSignFlipPOptions = {},
): Promise<Float64Array> {
  checkOptions(options, ["onProgress", "signal"]);
  const { onProgress, signal } = options;
  checkSquarable(differences);
  const [pairs, units] = differences.shape;
  if (pairs > MOST_PAIRS)
    throw new PairedStatsError(
      "too-many-labellings",
      `exactSignFlipP: expected at most ${MOST_PAIRS} pairs, got ${pairs}; take the null of random flips instead`,
      { pairs, most: MOST_PAIRS },
    );
  signal?.throwIfAborted();
  const unitsPerTurn = Math.max(1, Math.floor(SUMS_PER_TURN / 2 ** Math.ceil(pairs / 2)));
  const { scale, margin } = scaleUnits(differences);
  const column = new Float64Array(pairs);
  const p = new Float64Array(units);
  for (let unit = 0; unit < units; unit += 1) {
    for (let pair = 0; pair < pairs; pair += 1)
      column[pair] = scaleDifference(differences.data[pair * units + unit] ?? NaN, valueAt(scale, unit));
    p[unit] = exactPOfUnit(column, valueAt(margin, unit));
    if ((unit + 1) % unitsPerTurn !== 0 && unit + 1 < units) continue;
    onProgress?.({ done: unit + 1, total: units });
    await setImmediate();
    signal?.throwIfAborted();
  }
  return p;
}

/**
 * @param differences - scaled, so that sums of them are exact.
 * @param margin - sums that are no further apart count as equal.
 */
function exactPOfUnit(differences: Float64Array, margin: number): number {
  const reach = Math.abs(differences.reduce((sum, difference) => sum + difference, 0)) - margin;
  if (reach <= 0) return 1;
  // A common sign changes no |sum|, so the last pair keeps its sign and 2^(N − 1) labellings stand for all.
  const last = differences.length - 1;
  const middle = last >>> 1;
  const left = signedSums(differences.subarray(0, middle), 0);
  const right = signedSums(differences.subarray(middle, last), valueAt(differences, last));
  return (countAtLeast(left, right, reach) + countAtMost(left, right, -reach)) / 2 ** last;
}

/** All sums `start ± d₁ ± d₂ …`, ascending: each difference doubles the list by merging it with itself, moved apart. */
function signedSums(differences: Float64Array, start: number): Float64Array {
  let sums = Float64Array.of(start);
  for (const difference of differences) {
    const size = Math.abs(difference);
    const doubled = new Float64Array(sums.length * 2);
    for (let low = 0, high = 0, at = 0; at < doubled.length; at += 1) {
      const lower = low < sums.length ? valueAt(sums, low) - size : Infinity;
      const upper = valueAt(sums, high) + size;
      if (lower <= upper) {
        doubled[at] = lower;
        low += 1;
      } else {
        doubled[at] = upper;
        high += 1;
      }
    }
    sums = doubled;
  }
  return sums;
}

/** How many sums of one from each list reach `bound`. */
function countAtLeast(left: Float64Array, right: Float64Array, bound: number): number {
  let count = 0;
  let at = right.length;
  for (const value of left) {
    while (at > 0 && value + valueAt(right, at - 1) >= bound) at -= 1;
    count += right.length - at;
  }
  return count;
}

/** How many sums of one from each list stay at or under `bound`. */
function countAtMost(left: Float64Array, right: Float64Array, bound: number): number {
  let count = 0;
  let at = right.length;
  for (const value of left) {
    while (at > 0 && value + valueAt(right, at - 1) > bound) at -= 1;
    count += at;
  }
  return count;
}

import { setImmediate } from "node:timers/promises";
import type { ComputingOptions } from "../flips/score-labellings.ts";
import { checkMatrix, type Matrix } from "../matrix.ts";
import { checkFlips, checkFraction, checkOptions } from "../options.ts";
import { unitT } from "../paired-t.ts";
import { PairedStatsError } from "../paired-stats-error.ts";
import { pOfRank, testAgainstNull, type Tested } from "../flips/null-distribution.ts";
import { integerAt, valueAt } from "../reading.ts";
import { CROSSED_DESIGN, readCrossedDesign, type CrossedDesign } from "./crossed-design.ts";
import { allCommonOrders, type LevelOrders, MOST_LEVELS_ENUMERATED, randomOrders } from "./level-orders.ts";

/** Options of {@link levelOrderNull}. */
export interface LevelOrderNullOptions
  extends CrossedDesign, Pick<ComputingOptions, "onProgress" | "signal"> {
  /** A unit is counted if its p is no greater. */
  readonly alpha?: number;
  /** How many random orders, if there are more than 5,040 (seven levels). */
  readonly permutations?: number;
  /** Seed of the random orders, a whole number. */
  readonly seed?: number;
}

/** Whether the levels' means are ordered by the grade, or differ in an order of their own. */
export interface LevelOrderNull {
  /** How many orders of the levels the null is made of. */
  readonly labellings: number;
  /** Whether these are all orders. */
  readonly exact: boolean;
  /** Per unit, the part of the sum of squares between the levels' means that is linear in the grade, 0 to 1. */
  readonly linearPart: Float64Array;
  /** Per unit, the share of the orders under which no less is linear; 1 if the levels' means do not differ. */
  readonly p: Float64Array;
  /** The number of units with p ≤ `alpha`, against that number when the grades are given to the levels in another order. */
  readonly count: Tested;
  /** The mean of `linearPart` over the units whose levels' means differ, against the same under the other orders. */
  readonly meanPart: Tested;
  /** The bound of p that units are counted by. */
  readonly alpha: number;
}

/** Units between two looks at the abort signal: a few milliseconds. */
const PORTION = 256;
/** Two parts of a sum of squares that are nearer than this are equal: sums over orders round differently. */
const TIE = 1e-12;

/**
 * Is the order of the levels by their grade special among all orders? The grades are given to the levels in every other order,
 * in the same one for all objects and units. An effect of the levels' wording that all objects share is as large under every
 * order; only one that follows the grade is more linear in it than in most others.
 *
 * An order and its reverse give the same values, so p is at least 2 / levels! over all orders.
 *
 * @param cells - `[objects × levels, units]`, the levels of an object next to each other.
 * @throws {@link PairedStatsError} as {@link objectSlopes}; `invalid-argument` for fewer than three levels, which have one order. An aborted signal rejects with its reason.
 * @see Page (1963), J. Am. Stat. Assoc. 58, 216 (ordered alternatives in the two-way layout), with exact orders of the levels.
 * @example
 * const { meanPart } = await levelOrderNull(cells, { objects: 8, grades: [-4, -3, -1, 1, 3, 4] });
 * meanPart.p; // whether the units follow the grade more closely than they follow other orders
 */
export async function levelOrderNull(cells: Matrix, options: LevelOrderNullOptions): Promise<LevelOrderNull> {
  checkOptions(options, [...CROSSED_DESIGN, "alpha", "permutations", "seed", "onProgress", "signal"]);
  const { objects, grades, alpha = 0.05, permutations = 1000, seed = 0, onProgress, signal } = options;
  checkMatrix(cells, "cells");
  const { levels, direction } = readCrossedDesign(cells.shape[0], { objects, grades });
  checkFraction(alpha, "alpha");
  checkFlips(permutations, seed);
  if (levels < 3)
    throw new PairedStatsError(
      "invalid-argument",
      `grades: expected three levels or more, which have more than one order, got ${levels}`,
      { option: "grades" },
    );
  signal?.throwIfAborted();
  const exact = levels <= MOST_LEVELS_ENUMERATED;
  const orders = exact ? allCommonOrders(levels) : randomOrders(permutations, seed, 1, levels, true);
  const directions = directionsOf(orders, direction);
  const [, units] = cells.shape;
  const degenerate = new Set(unitT(cells).degenerateUnits);
  const linearPart = new Float64Array(units);
  const p = new Float64Array(units).fill(1);
  const counts = new Uint32Array(orders.count);
  const sums = new Float64Array(orders.count);
  const parts = new Float64Array(orders.count);
  let [observed, tested] = [0, 0];
  for (let unit = 0; unit < units; unit += 1) {
    if ((unit + 1) % PORTION === 0) {
      onProgress?.({ done: unit, total: units });
      await setImmediate();
      signal?.throwIfAborted();
    }
    if (degenerate.has(unit)) continue;
    const means = levelMeans(cells, unit, levels);
    const squares = means.reduce((sum, mean) => sum + mean * mean, 0);
    if (squares === 0) continue;
    tested += 1;
    const part = partAlong(means, direction, 0) / squares;
    linearPart[unit] = part;
    let reaching = 0;
    for (let order = 0; order < parts.length; order += 1) {
      const underOrder = partAlong(means, directions, order * levels) / squares;
      parts[order] = underOrder;
      sums[order] = valueAt(sums, order) + underOrder;
      if (underOrder >= part - TIE) reaching += 1;
    }
    p[unit] = pOfRank(reaching, orders.count, exact);
    if (valueAt(p, unit) <= alpha) observed += 1;
    // Under an order the unit is counted if no more than alpha of all orders reach what that order does.
    const bound = boundOf(parts, alpha, exact);
    for (let order = 0; order < parts.length; order += 1)
      if (valueAt(parts, order) >= bound - TIE) counts[order] = integerAt(counts, order) + 1;
  }
  const meanOf = (sum: number): number => (tested === 0 ? 0 : sum / tested);
  const mean = meanOf(linearPart.reduce((sum, part) => sum + part, 0));
  return {
    labellings: orders.count,
    exact,
    linearPart,
    p,
    count: testAgainstNull(observed, counts, exact),
    meanPart: testAgainstNull(mean, sums.map(meanOf), exact, mean - TIE),
    alpha,
  };
}

/** The grades' direction under each order: `[orders, levels]`. */
function directionsOf(orders: LevelOrders, direction: Float64Array): Float64Array {
  const levels = direction.length;
  const order = new Uint32Array(levels);
  const directions = new Float64Array(orders.count * levels);
  for (let labelling = 0; labelling < orders.count; labelling += 1) {
    orders.read(labelling, order);
    for (const [level, graded] of order.entries())
      directions[labelling * levels + level] = valueAt(direction, graded);
  }
  return directions;
}

/** The square of the levels' means along one of several directions. */
function partAlong(means: Float64Array, directions: Float64Array, start: number): number {
  let sum = 0;
  for (let level = 0; level < means.length; level += 1)
    sum += valueAt(means, level) * valueAt(directions, start + level);
  return sum * sum;
}

/** The least part that p ≤ alpha is reached with; Infinity if ties leave none. */
function boundOf(parts: Float64Array, alpha: number, exact: boolean): number {
  const descending = Float64Array.from(parts).sort().reverse();
  let bound = Infinity;
  for (let rank = 1; rank <= descending.length; rank += 1) {
    const part = valueAt(descending, rank - 1);
    const isLastOfTie = rank === descending.length || part - valueAt(descending, rank) > TIE;
    if (!isLastOfTie) continue;
    if (pOfRank(rank, descending.length, exact) > alpha) break;
    bound = part;
  }
  return bound;
}

/** The means over the objects, about their own mean: `[levels]`. */
function levelMeans({ data, shape: [rows, units] }: Matrix, unit: number, levels: number): Float64Array {
  const means = new Float64Array(levels);
  const first = data[unit] ?? NaN; // from the first one: a common offset costs no digits
  for (let row = 0; row < rows; row += 1) {
    const level = row % levels;
    means[level] = valueAt(means, level) + ((data[row * units + unit] ?? NaN) - first) * (levels / rows);
  }
  const centre = means.reduce((sum, mean) => sum + mean / levels, 0);
  return means.map((mean) => mean - centre);
}

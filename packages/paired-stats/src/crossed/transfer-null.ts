import type { Tested } from "../flips/null-distribution.ts";
import type { ComputingOptions } from "../flips/score-labellings.ts";
import { checkGrams, type GramMatrices } from "../grams/grams.ts";
import { nullOverSets, type SetScorer, type TestedSet } from "../grams/null-over-sets.ts";
import { checkChoice, checkOptions } from "../options.ts";
import { PairedStatsError } from "../paired-stats-error.ts";
import { integerAt, itemAt, valueAt } from "../reading.ts";
import { CROSSED_DESIGN, readCrossedDesign, type Crossed, type CrossedDesign } from "./crossed-design.ts";
import { allCommonOrders, randomOrders, type LevelOrders } from "./level-orders.ts";
import { centreObjects } from "./object-grams.ts";
import {
  betweenObjects,
  correlationOfObject,
  describeTransfer,
  scoreLevels,
  type Transfer,
  type TransferProducts,
} from "./transfer.ts";

/**
 * What the null permutes: the levels of each object by themselves (`within-objects`: do objects share anything that
 * follows the grade?), or the grades of all objects alike (`common`: is the order of the grades special among the orders
 * of levels, all of which the objects share as much?).
 */
export type LevelShuffle = "within-objects" | "common";

/** Options of {@link transferNull}. */
export interface TransferNullOptions extends CrossedDesign, Pick<ComputingOptions, "onProgress" | "signal"> {
  /** How many random labellings; ignored with `exact`. */
  readonly permutations?: number;
  /** Seed of the labellings, a whole number. */
  readonly seed?: number;
  /** What they permute; `within-objects` by default. */
  readonly shuffle?: LevelShuffle;
  /** Take all orders of the levels; with `common` only, up to seven levels. */
  readonly exact?: boolean;
}

/** How well the direction found on the other objects orders the levels of each, in one set of channels. */
export interface SetTransfer extends TestedSet {
  /** Object by object, under the observed labelling. */
  readonly perObject: Transfer;
}

/** How well the direction found on all objects but one orders the levels of that one, against chance. */
export interface TransferNull {
  /** How many labellings the null is made of. */
  readonly permutations: number;
  /** Whether these are all orders of the levels. */
  readonly exact: boolean;
  /** What they permute. */
  readonly shuffle: LevelShuffle;
  /**
   * The least p that this null can give: 1 / (m + 1) for m random labellings; over all K! orders 1 / K!, or 2 / K! if the
   * grades lie symmetrically about their mean, since the reverse order then gives the same statistic.
   */
  readonly leastP: number;
  /** Sets in which fewer than two objects vary with the level: 0, with p 1. */
  readonly degenerateSets: readonly number[];
  /** One entry per set, in their order. */
  readonly sets: readonly SetTransfer[];
  /** The greatest statistic of any set. */
  readonly maximum: Tested;
}

/**
 * Leave-one-object-out transfer: for each object the slopes of the other objects on the grade are added up to a
 * direction, and the object's own levels are scored on it. The statistic of a set is the mean over objects of Pearson's
 * correlation between these scores and the grades: 1 if every object moves along one axis in proportion to the grade, 0 if
 * objects share no axis. No object takes part in the direction that it is scored on.
 *
 * All sets are relabelled alike, so that `familyWiseP` and `maximum` hold over all of them.
 *
 * @param grams - `[sets, objects × levels, objects × levels]` (see {@link gramMatrices}), centred within objects or not.
 * @throws {@link PairedStatsError} `shape-mismatch`, `non-finite` or `invalid-argument` for a design that does not fit and for
 *   other options, `too-many-labellings` for `exact` above seven levels, `degenerate` if no set has two objects that
 *   vary. An aborted signal rejects with its reason.
 * @see Bernardi et al. (2020), Cell 183, 954 (cross-condition generalization); Nichols & Holmes (2002), Hum. Brain
 *   Mapp. 15, 1 (the maximum over sets).
 * @example
 * const grams = gramMatrices(measurements, heads, { objects: 8 });
 * const { sets, maximum } = await transferNull(grams, { objects: 8, grades: [-4, -3, -1, 0, 2, 4] });
 */
export async function transferNull(grams: GramMatrices, options: TransferNullOptions): Promise<TransferNull> {
  checkOptions(options, [
    ...CROSSED_DESIGN,
    "permutations",
    "seed",
    "shuffle",
    "exact",
    "onProgress",
    "signal",
  ]);
  const { objects, grades, shuffle = "within-objects", exact = false, onProgress, signal } = options;
  const { permutations = 1000, seed = 0 } = options;
  checkChoice(shuffle, "shuffle", ["within-objects", "common"]);
  if (exact && shuffle !== "common")
    throw new PairedStatsError(
      "invalid-argument",
      'exact: expected shuffle "common", whose orders can be enumerated, got "within-objects"',
      { option: "exact" },
    );
  checkGrams(grams);
  const [sets, rows] = grams.shape;
  const crossed = readCrossedDesign(rows, { objects, grades });
  const orders = exact
    ? allCommonOrders(crossed.levels)
    : randomOrders(permutations, seed, objects, crossed.levels, shuffle === "common");
  const { grams: centred, roundings, degenerateSets } = centreObjects(grams, objects);
  const results = await nullOverSets({
    sets,
    degenerateSets,
    labellings: orders.count,
    exact,
    statistics: 1,
    prepare: (set) =>
      scoreTransfer(betweenObjects(itemAt(centred, set), valueAt(roundings, set), crossed), crossed, orders),
    onProgress,
    signal,
  });
  const { sets: tested, maximum } = itemAt(results, 0);
  return {
    permutations: orders.count,
    exact,
    shuffle,
    leastP: exact ? (isSymmetric(crossed.direction) ? 2 : 1) / orders.count : 1 / (orders.count + 1),
    degenerateSets,
    sets: tested.map((each, set) => ({
      ...each,
      perObject: describeTransfer(itemAt(centred, set), valueAt(roundings, set), crossed),
    })),
    maximum,
  };
}

function scoreTransfer(
  { products, tolerance }: TransferProducts,
  { objects, levels, direction }: Crossed,
  orders: LevelOrders,
): SetScorer {
  const rows = objects * levels;
  const order = new Uint32Array(rows);
  const weights = new Float64Array(rows);
  const scores = new Float64Array(rows);
  return (labelling, values) => {
    if (labelling === undefined) for (let row = 0; row < rows; row += 1) order[row] = row % levels;
    else orders.read(labelling, order);
    for (let row = 0; row < rows; row += 1) weights[row] = valueAt(direction, integerAt(order, row));
    scoreLevels(products, weights, scores);
    let sum = 0;
    for (let object = 0; object < objects; object += 1)
      sum += correlationOfObject(scores, weights, object, levels, tolerance);
    values[0] = sum / objects;
  };
}

/** Grades whose distances from the mean are the same upwards and downwards, but for rounding. */
function isSymmetric(direction: Float64Array): boolean {
  const sorted = direction.slice().sort();
  return sorted.every((value, place) => Math.abs(value + valueAt(sorted, sorted.length - 1 - place)) < 1e-12);
}

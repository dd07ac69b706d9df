import type { ComputingOptions } from "../flips/score-labellings.ts";
import { checkGrams, levelsOf, type GramMatrices } from "../grams/grams.ts";
import { nullOverSets, type SetScorer, type TestedSet } from "../grams/null-over-sets.ts";
import type { Tested } from "../flips/null-distribution.ts";
import { checkOptions } from "../options.ts";
import { integerAt, itemAt, valueAt } from "../reading.ts";
import { checkRows } from "./crossed-design.ts";
import { randomOrders } from "./level-orders.ts";
import { centreObjects, squaresOfObjects } from "./object-grams.ts";

/** Options of {@link consistencyNull}. */
export interface ConsistencyNullOptions extends Pick<ComputingOptions, "onProgress" | "signal"> {
  /** How many objects: two or more; the rows are `objects × levels`. */
  readonly objects: number;
  /** How many random labellings. */
  readonly permutations?: number;
  /** Seed of the labellings, a whole number. */
  readonly seed?: number;
}

/** How alike the objects' level patterns are in one set of channels. */
export interface SetConsistency extends TestedSet {
  /** The mean cosine of each object's pattern with those of the others: `[objects]`. */
  readonly perObject: Float64Array;
}

/** How alike the objects' level patterns are, against chance. */
export interface ConsistencyNull {
  /** How many labellings the null is made of. */
  readonly permutations: number;
  /** Sets in which fewer than two objects vary with the level: 0, with p 1. */
  readonly degenerateSets: readonly number[];
  /** One entry per set, in their order. */
  readonly sets: readonly SetConsistency[];
  /** The greatest value of any set. */
  readonly maximum: Tested;
}

/**
 * Whether the levels do the same to all objects, in whatever order: the mean cosine between the patterns of two objects,
 * a pattern being what all levels of an object are apart from their mean. The levels of each object are permuted
 * independently for the null.
 *
 * It finds what {@link transferNull} finds, and effects that follow the levels but not their grades as well: a small p
 * here with a large one there says that the levels matter, their order does not.
 *
 * @param grams - `[sets, objects × levels, objects × levels]` (see {@link gramMatrices}).
 * @throws {@link PairedStatsError} `shape-mismatch` for rows that are not objects × levels, `invalid-argument` for other
 *   options, `degenerate` if no set has two objects that vary. An aborted signal rejects with its reason.
 * @see Haxby et al. (2001), Science 293, 2425 (patterns compared by their similarity); Good (2005), Permutation,
 *   Parametric and Bootstrap Tests of Hypotheses, chapter 3 (permutations within blocks).
 */
export async function consistencyNull(
  grams: GramMatrices,
  options: ConsistencyNullOptions,
): Promise<ConsistencyNull> {
  checkOptions(options, ["objects", "permutations", "seed", "onProgress", "signal"]);
  const { objects, permutations = 1000, seed = 0, onProgress, signal } = options;
  checkGrams(grams);
  const [sets, rows] = grams.shape;
  const levels = levelsOf(rows, objects);
  checkRows(rows, objects, levels);
  const orders = randomOrders(permutations, seed, objects, levels, false);
  const centred = centreObjects(grams, objects);
  const { degenerateSets } = centred;
  const cosinesOf = (set: number): Float64Array =>
    cosines(itemAt(centred.grams, set), objects, levels, levels * valueAt(centred.roundings, set));

  const results = await nullOverSets({
    sets,
    degenerateSets,
    labellings: orders.count,
    exact: false,
    statistics: 1,
    prepare: (set) => scoreConsistency(cosinesOf(set), objects, levels, orders.read),
    onProgress,
    signal,
  });
  const { sets: tested, maximum } = itemAt(results, 0);
  return {
    permutations: orders.count,
    degenerateSets,
    sets: tested.map((each, set) => ({ ...each, perObject: withOthers(cosinesOf(set), objects, levels) })),
    maximum,
  };
}

/** The Gram matrix with each object's pattern scaled to length 1; objects that do not vary are 0. */
function cosines(gram: Float64Array, objects: number, levels: number, floor: number): Float64Array {
  const rows = objects * levels;
  const scales = squaresOfObjects(gram, objects, levels).map((sum) => (sum > floor ? 1 / Math.sqrt(sum) : 0));
  const scaleOf = (row: number): number => valueAt(scales, Math.floor(row / levels));
  return gram.map((value, at) => value * scaleOf(Math.floor(at / rows)) * scaleOf(at % rows));
}

function scoreConsistency(
  scaled: Float64Array,
  objects: number,
  levels: number,
  read: (labelling: number, into: Uint32Array) => void,
): SetScorer {
  const rows = objects * levels;
  const observed = Uint32Array.from({ length: rows }, (_, row) => row % levels);
  const order = new Uint32Array(rows);
  const pairs = (objects * (objects - 1)) / 2;
  return (labelling, values) => {
    if (labelling === undefined) order.set(observed);
    else read(labelling, order);
    let sum = 0;
    for (let one = 0; one < objects; one += 1)
      for (let other = one + 1; other < objects; other += 1)
        for (let level = 0; level < levels; level += 1) {
          const row = one * levels + integerAt(order, one * levels + level);
          const column = other * levels + integerAt(order, other * levels + level);
          sum += valueAt(scaled, row * rows + column);
        }
    values[0] = sum / pairs;
  };
}

function withOthers(scaled: Float64Array, objects: number, levels: number): Float64Array {
  const rows = objects * levels;
  return Float64Array.from({ length: objects }, (_, one) => {
    let sum = 0;
    for (let other = 0; other < objects; other += 1)
      for (let level = 0; other !== one && level < levels; level += 1)
        sum += valueAt(scaled, (one * levels + level) * rows + other * levels + level);
    return sum / (objects - 1);
  });
}

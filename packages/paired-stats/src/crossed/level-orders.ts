import { checkWhole } from "../options.ts";
import { PairedStatsError } from "../paired-stats-error.ts";
import { randomOrder, randomWords } from "../random.ts";

/** Labellings of crossed rows: which level stands at each place of each object. */
export interface LevelOrders {
  /** How many labellings there are. */
  readonly count: number;
  /** Whether these are all labellings, the observed one among them. */
  readonly exact: boolean;
  /** Writes a labelling: for each row of `[objects × levels]` a level, each level once per object. */
  readonly read: (labelling: number, into: Uint32Array) => void;
}

/** The most levels whose orders are all enumerated: 5,040 of them. */
export const MOST_LEVELS_ENUMERATED = 7;
/** Beyond, the orders fill gigabytes. */
const MOST_PERMUTATIONS = 2 ** 20;

/**
 * Random orders of the levels: independent ones for each object, or one that all objects share. Each is the next
 * Fisher–Yates shuffle of the seeded stream, labelling by labelling and object by object.
 */
export function randomOrders(
  permutations: number,
  seed: number,
  objects: number,
  levels: number,
  common: boolean,
): LevelOrders {
  checkWhole(permutations, "permutations", 1, MOST_PERMUTATIONS);
  checkWhole(seed, "seed", Number.MIN_SAFE_INTEGER);
  const words = randomWords(seed);
  const length = common ? levels : objects * levels;
  const data = new Uint32Array(permutations * length);
  for (let at = 0; at < data.length; at += levels) data.set(randomOrder(words, levels), at);
  return { count: permutations, exact: false, read: readOrders(data, length) };
}

/**
 * All orders of the levels, each the same for all objects.
 *
 * @throws {@link PairedStatsError} `too-many-labellings` above seven levels.
 */
export function allCommonOrders(levels: number): LevelOrders {
  if (levels > MOST_LEVELS_ENUMERATED)
    throw new PairedStatsError(
      "too-many-labellings",
      `exact: expected at most ${MOST_LEVELS_ENUMERATED} levels, got ${levels}; take random permutations instead`,
      { levels, most: MOST_LEVELS_ENUMERATED },
    );
  let orders: readonly (readonly number[])[] = [[]];
  for (let level = 0; level < levels; level += 1)
    orders = orders.flatMap((order) =>
      Array.from({ length: level + 1 }, (_, place) => [
        ...order.slice(0, place),
        level,
        ...order.slice(place),
      ]),
    );
  return { count: orders.length, exact: true, read: readOrders(Uint32Array.from(orders.flat()), levels) };
}

/** Repeats an order that is shorter than what it is written to: it is that of all objects. */
function readOrders(data: Uint32Array, length: number): LevelOrders["read"] {
  return (labelling, into) => {
    const order = data.subarray(labelling * length, (labelling + 1) * length);
    for (let at = 0; at < into.length; at += length) into.set(order, at);
  };
}

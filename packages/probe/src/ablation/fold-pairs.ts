import { ProbeError } from "../probe-error.ts";
import type { AblationSettings } from "./ablation.ts";
import { createOrders } from "./random-order.ts";

/** Pairs by their index in the run's prompt set. */
export interface Fold {
  /** Those that rank the units, and whose prompts give what is put in a unit's place; ascending. */
  readonly rankedBy: readonly number[];
  /** Those that the sets are tried on, in the order of the settings. */
  readonly tested: readonly number[];
}

/** A half of one pair has no t. */
const LEAST_PAIRS = 4;

/**
 * Which pairs rank the units, and which the sets are tried on. By halves of all pairs of the run: each ranks for the
 * other, so that no set is tried on a pair that it was chosen by, and every pair is run with the sets of one half only.
 * Or, for comparison, all rank and the same are tried, which is circular.
 *
 * @param count - How many pairs the run has.
 * @throws {ProbeError} if a half would have fewer than two pairs.
 */
export function foldPairs(
  count: number,
  { rankBy, seed, pairs }: Pick<AblationSettings, "rankBy" | "seed" | "pairs">,
): Fold[] {
  const all = Array.from({ length: count }, (_, pair) => pair);
  if (rankBy === "all") return [{ rankedBy: all, tested: pairs }];
  if (count < LEAST_PAIRS) {
    throw new ProbeError(
      "invalid-option",
      `The option \`rankBy: half\` needs ${LEAST_PAIRS} pairs or more, two in each half; the run has ${count}. Use the option \`rankBy: all\`: the units are then tried on the pairs that ranked them.`,
      { option: "rankBy" },
    );
  }
  const first = new Set(createOrders("halves of the pairs", seed)(count).slice(0, Math.floor(count / 2)));
  return [true, false].map((isFirst) => ({
    rankedBy: all.filter((pair) => first.has(pair) === isFirst),
    tested: pairs.filter((pair) => first.has(pair) !== isFirst),
  }));
}

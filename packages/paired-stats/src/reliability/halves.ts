import { checkWhole } from "../options.ts";
import { PairedStatsError } from "../paired-stats-error.ts";
import { randomOrder, randomWords } from "../random.ts";

/** Which halvings of the pairs are looked at. */
export interface HalvingOptions {
  /** How many random halvings; ignored with `halves`. */
  readonly splits?: number | undefined;
  /** Seed of the random halvings, a whole number. */
  readonly seed?: number | undefined;
  /** Halvings of the caller's choice: of each the pairs of its first half, the others being the second. */
  readonly halves?: readonly (readonly number[])[] | undefined;
}

/** Their names. */
export const HALVING_OPTIONS: readonly (keyof HalvingOptions)[] = ["splits", "seed", "halves"];

/** One halving of the pairs. */
export interface Halving {
  readonly first: readonly number[];
  readonly second: readonly number[];
}

/** Beyond, the halvings fill gigabytes. */
const MOST_SPLITS = 2 ** 20;

/** A half of one pair has no standard deviation. */
const FEWEST_PAIRS_PER_HALF = 2;

/**
 * The halvings that a caller's options ask for. Random ones take the first ⌊N / 2⌋ pairs of a random order.
 *
 * @throws {@link PairedStatsError} `too-few-pairs` for a half of fewer than two pairs, `invalid-argument` for a number of splits
 *   or a seed that is not whole or too large, and for given halves that name a pair twice or one that does not exist.
 */
export function chooseHalvings(
  pairs: number,
  { splits = 100, seed = 0, halves }: HalvingOptions,
): readonly Halving[] {
  checkWhole(splits, "splits", 1, MOST_SPLITS);
  checkWhole(seed, "seed", Number.MIN_SAFE_INTEGER);
  const words = randomWords(seed);
  const firsts =
    halves ?? Array.from({ length: splits }, () => [...randomOrder(words, pairs).subarray(0, pairs >>> 1)]);
  if (firsts.length === 0)
    throw new PairedStatsError("invalid-argument", "halves: expected at least one halving, got none", {});
  return firsts.map((first, split) => {
    const members = new Set(first);
    const wrong = first.find((pair) => !Number.isSafeInteger(pair) || pair < 0 || pair >= pairs);
    if (wrong !== undefined || members.size !== first.length)
      throw new PairedStatsError(
        "invalid-argument",
        `halves: expected different pairs from 0 to ${pairs - 1} in halving ${split}, got ${first.join(", ")}`,
        { split },
      );
    const second = Array.from({ length: pairs }, (_, pair) => pair).filter((pair) => !members.has(pair));
    if (first.length < FEWEST_PAIRS_PER_HALF || second.length < FEWEST_PAIRS_PER_HALF)
      throw new PairedStatsError(
        "too-few-pairs",
        `expected two pairs or more in each half, got ${first.length} and ${second.length}`,
        { pairs, split },
      );
    return { first, second };
  });
}

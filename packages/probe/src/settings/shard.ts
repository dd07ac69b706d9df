import { ProbeError } from "../probe-error.ts";

/** One of several runs that share the pairs of a prompt set among them. */
export interface Shard {
  /** From 1 to `count`. */
  readonly number: number;
  /** How many runs share the pairs. */
  readonly count: number;
}

/** Reads `K/N`; `null` if the text is something else. */
export function parseShard(text: string): Shard | null {
  const [, number, count] = (/^(\d+)\/(\d+)$/.exec(text) ?? []).map(Number);
  if (number === undefined || count === undefined || number < 1 || number > count) return null;
  return Number.isSafeInteger(count) ? { number, count } : null;
}

/** `K/N`. */
export function formatShard({ number, count }: Shard): string {
  return `${number}/${count}`;
}

/** Whether a shard leaves pairs to others. */
export function isPart(shard: Shard | undefined): shard is Shard {
  return shard !== undefined && shard.count > 1;
}

/**
 * The indices of the pairs that a run captures: every N-th from the K-th on, or all of them.
 *
 * @throws {ProbeError} if there are fewer pairs than shards.
 */
export function shardPairs(pairs: number, shard: Shard | undefined): number[] {
  const { number, count } = shard ?? { number: 1, count: 1 };
  if (count > pairs) {
    throw new ProbeError(
      "invalid-option",
      `The prompt set has ${pairs} pairs, which cannot be spread over ${count} shards. Use ${pairs} shards at most.`,
    );
  }
  return Array.from({ length: pairs }, (_, pair) => pair).filter((pair) => pair % count === number - 1);
}

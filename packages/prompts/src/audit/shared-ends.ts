/** How many items two lists have in common at their beginning, and at their end beyond that. */
export interface SharedEnds {
  /** Equal items at the beginning. */
  readonly prefix: number;
  /** The prefix not counted again. */
  readonly suffix: number;
}

/**
 * Counts the items that two lists begin and end with.
 *
 * @example
 * findSharedEnds([1, 2, 3], [1, 5, 5, 3]); // { prefix: 1, suffix: 1 }
 */
export function findSharedEnds<T>(from: ArrayLike<T>, to: ArrayLike<T>): SharedEnds {
  const shorter = Math.min(from.length, to.length);
  let prefix = 0;
  while (prefix < shorter && from[prefix] === to[prefix]) prefix += 1;
  let suffix = 0;
  while (suffix < shorter - prefix && from[from.length - 1 - suffix] === to[to.length - 1 - suffix]) {
    suffix += 1;
  }
  return { prefix, suffix };
}

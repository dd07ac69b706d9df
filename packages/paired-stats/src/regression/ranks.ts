import { integerAt, valueAt } from "../reading.ts";

/**
 * Ranks from 1, equal values sharing the mean of their ranks.
 *
 * @returns one rank per value, in the order given.
 * @see scipy.stats.rankdata with its default method "average".
 */
export function rank(values: Float64Array): Float64Array {
  const order = Uint32Array.from(values.keys()).sort(
    (left, right) => valueAt(values, left) - valueAt(values, right),
  );
  const ranks = new Float64Array(values.length);
  for (let start = 0; start < order.length;) {
    const value = valueAt(values, integerAt(order, start));
    let end = start + 1;
    while (end < order.length && valueAt(values, integerAt(order, end)) === value) end += 1;
    for (const place of order.subarray(start, end)) ranks[place] = (start + 1 + end) / 2;
    start = end;
  }
  return ranks;
}

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
  rankInOrder(values, order, ranks);
  return ranks;
}

/** The same where the order is known: `order` lists the places of the values from the least to the greatest. */
export function rankInOrder(values: Float64Array, order: Uint32Array, ranks: Float64Array): void {
  for (let start = 0; start < order.length;) {
    const value = valueAt(values, integerAt(order, start));
    let end = start + 1;
    while (end < order.length && valueAt(values, integerAt(order, end)) === value) end += 1;
    for (let at = start; at < end; at += 1) ranks[integerAt(order, at)] = (start + 1 + end) / 2;
    start = end;
  }
}

/**
 * Orders signed values from the order of their sizes, without sorting: the negative ones from the largest size down,
 * then the others from the smallest size up.
 *
 * @param values - the signed values.
 * @param bySize - their places from the smallest size to the largest.
 * @param order - receives their places from the least value to the greatest.
 */
export function orderFromSizes(values: Float64Array, bySize: Uint32Array, order: Uint32Array): void {
  let at = 0;
  for (let size = bySize.length - 1; size >= 0; size -= 1) {
    const place = integerAt(bySize, size);
    if (valueAt(values, place) < 0) {
      order[at] = place;
      at += 1;
    }
  }
  for (let size = 0; size < bySize.length; size += 1) {
    const place = integerAt(bySize, size);
    if (valueAt(values, place) >= 0) {
      order[at] = place;
      at += 1;
    }
  }
}

/** The values, with those made equal that differ by no more than `tolerance`. */
export function tieValues(values: Float64Array, tolerance: number): Float64Array {
  const tied = new Float64Array(values.length);
  const order = Uint32Array.from(values.keys()).sort(
    (left, right) => valueAt(values, left) - valueAt(values, right),
  );
  let common = -Infinity;
  for (const place of order) {
    const value = valueAt(values, place);
    if (value - common > tolerance) common = value;
    tied[place] = common;
  }
  return tied;
}

/** The values, with sizes that differ by no more than `tolerance` made equal, and those no larger made 0. */
export function tieSizes(values: Float64Array, tolerance: number): Float64Array {
  const sizes = tieValues(Float64Array.of(0, ...values.map(Math.abs)), tolerance).subarray(1); // 0 first
  return values.map((value, place) => Math.sign(value) * valueAt(sizes, place));
}

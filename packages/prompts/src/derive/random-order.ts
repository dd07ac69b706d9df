/**
 * The numbers from 0 to `length` − 1, every order equally likely under uniform `next`.
 *
 * Source: Fisher–Yates shuffle, Knuth, The Art of Computer Programming 2, 3.4.2, algorithm P.
 */
export function randomOrder(length: number, next: () => number): number[] {
  const order = Array.from({ length }, (_, index) => index);
  for (let last = length - 1; last > 0; last -= 1) {
    const chosen = Math.floor(next() * (last + 1));
    [order[last], order[chosen]] = [order[chosen] ?? 0, order[last] ?? 0];
  }
  return order;
}

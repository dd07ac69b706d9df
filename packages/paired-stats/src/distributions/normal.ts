/** From here on the continued fraction of the tail converges faster than the series of the middle. */
const TAIL = 3;

/**
 * Φ(x): the probability that a standard normal variable is at most x.
 *
 * Accurate to about 1e-15 absolute, in the lower tail to about 1e-13 relative.
 *
 * @see NIST DLMF 7.6.2 (series of terms of one sign) and 7.9.1 (continued fraction).
 */
export function normalCdf(x: number): number {
  if (x > 0) return 1 - lowerTail(x);
  return lowerTail(-x);
}

/** P(X > x) for x ≥ 0. */
function lowerTail(x: number): number {
  if (x > 40) return 0;
  const density = Math.exp((-x * x) / 2) / Math.sqrt(2 * Math.PI);
  if (x < TAIL) {
    // 1/2 − φ(x) (x + x³/3 + x⁵/(3·5) + …)
    let term = x;
    let sum = x;
    for (let odd = 3; term > sum * 1e-17; odd += 2) {
      term *= (x * x) / odd;
      sum += term;
    }
    return 0.5 - density * sum;
  }
  // φ(x) / (x + 1/(x + 2/(x + 3/(x + …)))), from a depth that suffices at x = 3
  let fraction = x;
  for (let depth = 70; depth > 0; depth -= 1) fraction = x + depth / fraction;
  return density / fraction;
}

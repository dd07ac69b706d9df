/** Below this a Lentz denominator counts as zero (Thompson & Barnett 1986). */
const TINY = 1e-300;
/** Enough for parameters in the millions: the terms needed grow with their square root. */
const MAXIMUM_TERMS = 100_000;

/**
 * The continued fraction of the regularised incomplete beta function: `I_x(a, b) = xᵃ(1 − x)ᵇ / (a B(a, b)) · fraction`.
 *
 * Converges fast for x < (a + 1) / (a + b + 2); beyond that use `I_x(a, b) = 1 − I_{1 − x}(b, a)`.
 *
 * @see NIST DLMF 8.17.22, evaluated by the modified Lentz method (Thompson & Barnett 1986, J. Comput. Phys. 64, 490).
 */
export function incompleteBetaFraction(a: number, b: number, x: number): number {
  let c = 1;
  let d = 1 / awayFromZero(1 - ((a + b) * x) / (a + 1));
  let fraction = d;
  for (let m = 1; m <= MAXIMUM_TERMS; m += 1) {
    const even = (m * (b - m) * x) / ((a + 2 * m - 1) * (a + 2 * m));
    d = 1 / awayFromZero(1 + even * d);
    c = awayFromZero(1 + even / c);
    fraction *= d * c;
    const odd = (-(a + m) * (a + b + m) * x) / ((a + 2 * m) * (a + 2 * m + 1));
    d = 1 / awayFromZero(1 + odd * d);
    c = awayFromZero(1 + odd / c);
    fraction *= d * c;
    if (Math.abs(d * c - 1) < 1e-16) break;
  }
  return fraction;
}

function awayFromZero(value: number): number {
  return Math.abs(value) < TINY ? TINY : value;
}

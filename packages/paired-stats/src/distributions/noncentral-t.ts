import { PairedStatsError } from "../paired-stats-error.ts";
import { normalCdf } from "./normal.ts";

/** One node of the quadrature over the standard deviation: its value and its weight, the weights summing to 1. */
interface Node {
  readonly deviation: number;
  readonly weight: number;
}

/** Weights below this share of the greatest are left out. */
const NEGLIGIBLE = 1e-17;

/**
 * The distribution function of the noncentral t: P(T ≤ t) with the mean moved by `noncentrality` standard errors.
 *
 * T ≤ t means Z ≤ t·Y − δ with Y² = χ²/ν, so it is the mean of Φ(t·Y − δ) over Y: the trapezoidal rule on log Y, which
 * converges exponentially there.
 *
 * @returns a function of t and the noncentrality, for one number of degrees of freedom; about 1e-12 absolute.
 * @see Johnson, Kotz & Balakrishnan (1995), Continuous Univariate Distributions 2, chapter 31; Trefethen & Weideman
 *   (2014), SIAM Rev. 56, 385 (the rule).
 */
export function noncentralTCdf(degreesOfFreedom: number): (t: number, noncentrality: number) => number {
  const nodes = quadrature(degreesOfFreedom);
  return (t, noncentrality) =>
    nodes.reduce((sum, { deviation, weight }) => sum + weight * normalCdf(t * deviation - noncentrality), 0);
}

/** Log Y has density ∝ exp(ν w − ν e^(2w) / 2), greatest at 0 and about 1/√(2ν) wide. */
function quadrature(degreesOfFreedom: number): readonly Node[] {
  const step = 0.15 / Math.sqrt(degreesOfFreedom);
  const weightAt = (w: number): number => Math.exp(degreesOfFreedom * (w - Math.expm1(2 * w) / 2));
  const nodes: Node[] = [{ deviation: 1, weight: 1 }];
  for (const direction of [1, -1])
    for (let place = 1; ; place += 1) {
      const w = direction * place * step;
      const weight = weightAt(w);
      if (weight < NEGLIGIBLE) break;
      nodes.push({ deviation: Math.exp(w), weight });
    }
  const total = nodes.reduce((sum, { weight }) => sum + weight, 0);
  return nodes.map(({ deviation, weight }) => ({ deviation, weight: weight / total }));
}

/**
 * The noncentrality under which P(T ≤ t) is `probability`.
 *
 * @param cdf - from {@link noncentralTCdf}, of the same degrees of freedom.
 */
export function noncentralityAt(
  cdf: (t: number, noncentrality: number) => number,
  t: number,
  probability: number,
  degreesOfFreedom: number,
): number {
  // P falls from 1 to 0 as the noncentrality rises; regula falsi with the Illinois correction
  const reach = 2 * Math.sqrt(1 + (t * t) / (2 * degreesOfFreedom));
  let low = t - reach;
  let high = t + reach;
  while (cdf(t, low) < probability) low -= reach;
  while (cdf(t, high) > probability) high += reach;
  let above = cdf(t, low) - probability;
  let below = cdf(t, high) - probability;
  for (let step = 0; step < 100; step += 1) {
    const middle = (low * below - high * above) / (below - above);
    const value = cdf(t, middle) - probability;
    if (Math.abs(value) < 1e-14 || high - low < 1e-12 * reach) return middle;
    if (value > 0) {
      low = middle;
      above = value;
      below /= 2;
    } else {
      high = middle;
      below = value;
      above /= 2;
    }
  }
  throw new PairedStatsError("no-fit", `no noncentrality found for t = ${t}`, { t, degreesOfFreedom });
}

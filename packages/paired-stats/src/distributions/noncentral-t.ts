import { PairedStatsError } from "../paired-stats-error.ts";
import { normalCdf } from "./normal.ts";

/** One node of the quadrature over Y: t·Y and its weight, the weights summing to 1. */
interface Node {
  readonly scaled: number;
  readonly weight: number;
}

/** Weights below this share of the greatest are left out. */
const NEGLIGIBLE = 1e-15;
/** This far out Φ is 0 or 1. */
const ALL_OF_NORMAL = 9;

/**
 * The distribution function of the noncentral t at one t: P(T ≤ t) with the mean moved by `noncentrality` standard
 * errors.
 *
 * T ≤ t means Z ≤ t·Y − δ with Y² = χ²/ν, so it is the mean of Φ(t·Y − δ) over Y: the trapezoidal rule on log Y, which
 * converges exponentially there.
 *
 * @returns a function of the noncentrality, good to about 1e-12 absolute; its cost grows with |t|.
 * @see Johnson, Kotz & Balakrishnan (1995), Continuous Univariate Distributions 2, chapter 31; Trefethen & Weideman
 *   (2014), SIAM Rev. 56, 385 (the rule).
 */
export function noncentralTCdf(t: number, degreesOfFreedom: number): (noncentrality: number) => number {
  const nodes = quadrature(t, degreesOfFreedom);
  return (noncentrality) => {
    let sum = 0;
    for (const { scaled, weight } of nodes) {
      const x = scaled - noncentrality;
      if (x > ALL_OF_NORMAL) sum += weight;
      else if (x > -ALL_OF_NORMAL) sum += weight * normalCdf(x);
    }
    return sum;
  };
}

/** The u at which w is 0, where the density is greatest: u = e^(−u − 3). */
const CENTRE = Array.from({ length: 20 }).reduce<number>((u) => Math.exp(-u - 3), 0);

/**
 * Log Y = w has density ∝ exp(ν w − ν e^(2w) / 2), greatest at 0 and about 1/√(2ν) wide; Φ changes over 1/(|t| Y), and Y
 * reaches about 6/√ν. The step resolves the narrower of the two. For few degrees of freedom the density falls slowly
 * to the left, where nothing is narrow: w = u − e^(−u − 3) walks there in ever longer steps of w.
 */
function quadrature(t: number, degreesOfFreedom: number): readonly Node[] {
  const largestSquare = 1 + 36 / degreesOfFreedom;
  const step = Math.min(0.12, 0.5 / Math.sqrt(t * t * largestSquare + 2 * degreesOfFreedom));
  const nodes: Node[] = [];
  let total = 0;
  const add = (u: number): boolean => {
    const lengthening = Math.exp(-u - 3);
    const w = u - lengthening;
    const weight = (1 + lengthening) * Math.exp(degreesOfFreedom * (w - Math.expm1(2 * w) / 2));
    if (weight < NEGLIGIBLE) return false;
    nodes.push({ scaled: t * Math.exp(w), weight });
    total += weight;
    return true;
  };
  for (let place = 0; add(CENTRE + place * step); place += 1);
  for (let place = -1; add(CENTRE + place * step); place -= 1);
  return nodes.map(({ scaled, weight }) => ({ scaled, weight: weight / total }));
}

/** From here on Z matters so little beside t·Y that bounds of the noncentrality grow with t, within 1e-5 relative. */
const LARGE_T = 1000;

/** The noncentralities under which an observed t has (1 − confidence) / 2 above it, and as much below it. */
export function noncentralityInterval(
  t: number,
  degreesOfFreedom: number,
  confidence: number,
): { readonly lower: number; readonly upper: number } {
  const excess = Math.max(1, Math.abs(t) / LARGE_T);
  const cdf = noncentralTCdf(t / excess, degreesOfFreedom);
  return {
    lower: excess * solve(cdf, (1 + confidence) / 2, t / excess, degreesOfFreedom),
    upper: excess * solve(cdf, (1 - confidence) / 2, t / excess, degreesOfFreedom),
  };
}

/** Of a search; the hardest take about 30. */
const MOST_STEPS = 100;

/** P falls from 1 to 0 as the noncentrality rises: regula falsi with the Illinois correction. */
function solve(
  cdf: (noncentrality: number) => number,
  probability: number,
  t: number,
  degreesOfFreedom: number,
): number {
  const reach = 2 * Math.sqrt(1 + (t * t) / (2 * degreesOfFreedom));
  let low = t - reach;
  let high = t + reach;
  for (let step = 0; step < MOST_STEPS && cdf(low) < probability; step += 1) low -= reach;
  for (let step = 0; step < MOST_STEPS && cdf(high) > probability; step += 1) high += reach;
  let above = cdf(low) - probability;
  let below = cdf(high) - probability;
  for (let step = 0; step < MOST_STEPS; step += 1) {
    const middle = (low * below - high * above) / (below - above);
    const value = cdf(middle) - probability;
    if (Math.abs(value) < 1e-13 || high - low < 1e-12 * reach) return middle;
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

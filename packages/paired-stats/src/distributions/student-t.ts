import { PairedStatsError } from "../paired-stats-error.ts";
import { incompleteBetaFraction } from "./incomplete-beta.ts";

/**
 * The two-sided p-value of a t statistic: P(|T| ≥ |t|) under Student's distribution.
 *
 * Accurate into the far tail (down to p ≈ 1e-300): to about 1e-13 relative up to a thousand degrees of freedom, 1e-11 up
 * to a hundred thousand.
 *
 * @param t - the statistic; ±Infinity gives 0.
 * @param degreesOfFreedom - positive, not necessarily whole.
 * @returns the probability, from 0 to 1.
 * @throws {@link PairedStatsError} `invalid-argument` if t is NaN or the degrees of freedom are not positive and finite.
 * @see NIST DLMF 8.17.22 and 8.17.4; Abramowitz & Stegun 26.5.27 for Student's distribution as an incomplete beta.
 * @example
 * studentTwoSidedP(14.89, 24); // 1.2742527099801966e-13
 */
export function studentTwoSidedP(t: number, degreesOfFreedom: number): number {
  if (Number.isNaN(t) || !(degreesOfFreedom > 0) || !Number.isFinite(degreesOfFreedom))
    throw new PairedStatsError(
      "invalid-argument",
      `expected a t and positive finite degrees of freedom, got t = ${t} and ${degreesOfFreedom}`,
      { t, degreesOfFreedom },
    );
  if (t === 0) return 1;
  if (!Number.isFinite(t)) return 0;
  const ratio = Math.abs(t) / Math.sqrt(degreesOfFreedom); // t²/ν without overflow of t²
  const a = degreesOfFreedom / 2;
  const x = 1 / (1 + ratio * ratio); // p = I_x(a, 1/2)
  const y = ratio >= 1 ? 1 / (1 + 1 / (ratio * ratio)) : ratio * ratio * x; // 1 − x without cancellation
  // x^a (1 − x)^(1/2) / B(a, 1/2), with log1p so that a large a does not magnify the rounding of x
  const logX = ratio > 1e8 ? -2 * Math.log(ratio) : -Math.log1p(ratio * ratio);
  const front = (Math.exp(a * logX) * Math.sqrt(y) * gammaRatioHalf(a)) / Math.sqrt(Math.PI);
  if (x < (a + 1) / (a + 2.5)) return Math.min(1, (front * incompleteBetaFraction(a, 0.5, x)) / a);
  return Math.max(0, 1 - (front * incompleteBetaFraction(0.5, a, y)) / 0.5);
}

/**
 * The critical value of Student's distribution: the t whose two-sided p-value is `p`.
 *
 * @param p - two-sided probability, above 0 and below 1 (0.05 for a 95 % interval).
 * @param degreesOfFreedom - positive.
 * @throws {@link PairedStatsError} `invalid-argument` if p is not inside (0, 1) or the degrees of freedom are not positive.
 * @example
 * studentCriticalValue(0.05, 24); // 2.063898561628026
 */
export function studentCriticalValue(p: number, degreesOfFreedom: number): number {
  if (!(p > 0 && p < 1))
    throw new PairedStatsError("invalid-argument", `expected a probability inside (0, 1), got ${p}`, { p });
  let low = 0;
  let high = 1;
  while (studentTwoSidedP(high, degreesOfFreedom) > p) [low, high] = [high, high * 2];
  // Bisection to the last bit: p falls strictly with t, and one call per analysis needs no faster method.
  for (;;) {
    const middle = low + (high - low) / 2;
    if (middle <= low || middle >= high) return high;
    if (studentTwoSidedP(middle, degreesOfFreedom) > p) low = middle;
    else high = middle;
  }
}

/** Coefficients of Γ(a + 1/2) / (Γ(a) √a) in powers of 1/a (DLMF 5.11.13 at its half-step). */
const RATIO_SERIES: readonly number[] = [
  1,
  -1 / 8,
  1 / 128,
  5 / 1024,
  -21 / 32768,
  -399 / 262144,
  869 / 4194304,
  39325 / 33554432,
];

/** Γ(a + 1/2) / Γ(a), by the asymptotic series where a is large, else by stepping up to where it is. */
export function gammaRatioHalf(a: number): number {
  let factor = 1;
  let shifted = a;
  for (; shifted < 40; shifted += 1) factor *= shifted / (shifted + 0.5);
  const series = RATIO_SERIES.reduceRight((sum, coefficient) => sum / shifted + coefficient, 0);
  return factor * Math.sqrt(shifted) * series;
}

import { PairedStatsError } from "../paired-stats-error.ts";
import { incompleteBetaFraction } from "./incomplete-beta.ts";
import { gammaRatioHalf } from "./student-t.ts";

/**
 * The p-value of an F statistic: P(F′ ≥ f) under Fisher's distribution.
 *
 * @param f - the statistic, from 0 up; Infinity gives 0.
 * @param numerator - its degrees of freedom, a whole number from 1 up.
 * @param denominator - those of what it is divided by, a whole number from 1 up.
 * @returns the probability, from 0 to 1, good to about 1e-12 relative for up to a few thousand degrees of freedom.
 * @throws {@link PairedStatsError} `invalid-argument` for a negative or NaN f, and for other degrees of freedom.
 * @see Abramowitz & Stegun 26.6.2 (Fisher's distribution as an incomplete beta); NIST DLMF 8.17.22 and 8.17.4.
 */
export function fisherUpperP(f: number, numerator: number, denominator: number): number {
  const isCount = (value: number): boolean => Number.isSafeInteger(value) && value >= 1;
  if (!(f >= 0) || !isCount(numerator) || !isCount(denominator))
    throw new PairedStatsError(
      "invalid-argument",
      `expected an F from 0 up and whole degrees of freedom from 1 up, got F = ${f}, ${numerator} and ${denominator}`,
      { f, numerator, denominator },
    );
  if (f === 0) return 1;
  const ratio = (numerator * f) / denominator;
  if (!Number.isFinite(ratio)) return 0;
  const [a, b] = [denominator / 2, numerator / 2];
  const x = 1 / (1 + ratio); // p = I_x(a, b)
  const y = 1 / (1 + 1 / ratio); // 1 − x without cancellation
  const front = Math.exp(
    -a * Math.log1p(ratio) - b * Math.log1p(1 / ratio) - logBeta(numerator, denominator),
  );
  if (x < (a + 1) / (a + b + 2)) return Math.min(1, (front * incompleteBetaFraction(a, b, x)) / a);
  return Math.max(0, 1 - (front * incompleteBetaFraction(b, a, y)) / b);
}

/** log B(m / 2, n / 2) of whole m and n: the smaller one is stepped down to 1/2 or 1. */
function logBeta(m: number, n: number): number {
  const steps = Math.ceil(Math.min(m, n) / 2) - 1;
  const start = Math.min(m, n) / 2 - steps; // 1/2 or 1
  const a = Math.max(m, n) / 2;
  let log = start === 1 ? -Math.log(a) : Math.log(Math.PI) / 2 - Math.log(gammaRatioHalf(a));
  for (let step = 0; step < steps; step += 1) log -= Math.log1p(a / (start + step)); // B(a, b + 1) = B(a, b) b / (a + b)
  return log;
}

import { noncentralityInterval } from "./distributions/noncentral-t.ts";
import { checkFraction, checkOptions } from "./options.ts";
import { PairedStatsError } from "./paired-stats-error.ts";
import type { ConfidenceInterval, PairedT } from "./paired-t.ts";

/** The distribution function is good to 1e-12: what is nearer to 1 it does not tell from 1. */
const HIGHEST_CONFIDENCE = 1 - 1e-12;

/** Options of {@link cohensDzInterval}. */
export interface CohensDzIntervalOptions {
  /** Coverage, above 0 and at most 1 − 1e-12. */
  readonly confidence?: number;
}

/**
 * The exact confidence interval of Cohen's d_z of every unit, for normal differences: the effects under which the
 * observed t would lie at the edge of the noncentral t distribution.
 * A few tenths of a millisecond per unit, more for |t| in the hundreds and for fewer than six pairs; beyond |t| = 1000 good to 1e-5 relative.
 *
 * @param result - the paired t of all units.
 * @returns bounds of d_z, one of each per unit; both equal d_z (0 or ±Infinity) for a degenerate unit.
 * @throws {@link PairedStatsError} `invalid-argument` for a confidence outside (0, 1 − 1e-12].
 * @see Steiger & Fouladi (1997), in Harlow et al., What If There Were No Significance Tests?; Cumming & Finch (2001),
 *   Educ. Psychol. Meas. 61, 532.
 * @example
 * const { lower, upper } = cohensDzInterval(pairedT(differences), { confidence: 0.95 });
 */
export function cohensDzInterval(
  { t, cohensDz, degreesOfFreedom, degenerateUnits }: PairedT,
  options: CohensDzIntervalOptions = {},
): ConfidenceInterval {
  checkOptions(options, ["confidence"]);
  const { confidence = 0.95 } = options;
  checkFraction(confidence, "confidence");
  if (confidence > HIGHEST_CONFIDENCE)
    throw new PairedStatsError(
      "invalid-argument",
      `confidence: expected at most 1 − 1e-12, which the noncentral t distribution is good to, got ${confidence}`,
      { option: "confidence", value: confidence },
    );
  const degenerate = new Set(degenerateUnits);
  const lower = Float64Array.from(cohensDz);
  const upper = Float64Array.from(cohensDz);
  for (const [unit, value] of t.entries()) {
    if (degenerate.has(unit)) continue;
    const bounds = noncentralityInterval(value, degreesOfFreedom, confidence);
    lower[unit] = bounds.lower / Math.sqrt(degreesOfFreedom + 1);
    upper[unit] = bounds.upper / Math.sqrt(degreesOfFreedom + 1);
  }
  return { confidence, lower, upper };
}

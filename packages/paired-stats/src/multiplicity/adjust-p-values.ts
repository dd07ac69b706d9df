import { checkChoice, checkOptions } from "../options.ts";
import { PairedStatsError } from "../paired-stats-error.ts";
import { integerAt, valueAt } from "../reading.ts";

/**
 * How p-values of a family are adjusted: `bonferroni` and `holm` hold the chance of any false positive, under any
 * dependence; `benjamini-hochberg` and `benjamini-yekutieli` hold the expected share of false positives, the first under
 * positive dependence, the second under any.
 */
export type AdjustmentMethod = "bonferroni" | "holm" | "benjamini-hochberg" | "benjamini-yekutieli";

const METHODS: readonly AdjustmentMethod[] = [
  "bonferroni",
  "holm",
  "benjamini-hochberg",
  "benjamini-yekutieli",
];

/** Options of {@link adjustPValues}. */
export interface AdjustPValuesOptions {
  /** Units that do not belong to the family, such as `degenerateUnits`: their adjusted value is 1. */
  readonly exclude?: readonly number[];
}

/**
 * p-values adjusted for their number: those at or below α are significant at level α of the method's error rate.
 *
 * @param p - one p-value per unit, from 0 to 1.
 * @returns one adjusted p-value per unit, in the order given, never below the p-value itself.
 * @throws {@link PairedStatsError} `invalid-argument` for a value outside [0, 1] (named by its place) and for another
 *   method.
 * @see Holm (1979), Scand. J. Stat. 6, 65; Benjamini & Hochberg (1995), J. R. Stat. Soc. B 57, 289; Benjamini &
 *   Yekutieli (2001), Ann. Stat. 29, 1165.
 * @example
 * adjustPValues(Float64Array.of(0.01, 0.02, 0.03), "holm"); // Float64Array [0.03, 0.04, 0.04]
 */
export function adjustPValues(
  p: Float64Array,
  method: AdjustmentMethod,
  options: AdjustPValuesOptions = {},
): Float64Array {
  checkOptions(options, ["exclude"]);
  const { exclude = [] } = options;
  checkChoice(method, "method", METHODS);
  const wrong = p.findIndex((value) => !(value >= 0 && value <= 1));
  if (wrong >= 0)
    throw new PairedStatsError(
      "invalid-argument",
      `p: expected values from 0 to 1, got ${p[wrong] ?? NaN} at unit ${wrong}`,
      {
        column: wrong,
      },
    );
  const excluded = new Set(exclude);
  const order = Uint32Array.from(p.keys())
    .filter((unit) => !excluded.has(unit))
    .sort((left, right) => valueAt(p, left) - valueAt(p, right));
  const adjusted = new Float64Array(p.length).fill(1);
  const size = order.length;
  // The factor of the value with the given rank, counted from 1 for the least.
  const factors: Record<AdjustmentMethod, (rank: number) => number> = {
    bonferroni: () => size,
    holm: (rank) => size - rank + 1,
    "benjamini-hochberg": (rank) => size / rank,
    "benjamini-yekutieli": (rank) => (size / rank) * harmonic,
  };
  const harmonic = order.reduce((sum, _, place) => sum + 1 / (place + 1), 0);
  const factor = factors[method];
  // Step-down methods may not fall, and step-up methods may not rise, on the way from the least to the greatest.
  const stepsUp = method === "benjamini-hochberg" || method === "benjamini-yekutieli";
  let bound = stepsUp ? 1 : 0;
  for (let step = 0; step < size; step += 1) {
    const place = stepsUp ? size - 1 - step : step;
    const unit = integerAt(order, place);
    const value = Math.min(1, valueAt(p, unit) * factor(place + 1));
    bound = stepsUp ? Math.min(bound, value) : method === "holm" ? Math.max(bound, value) : value;
    adjusted[unit] = bound;
  }
  return adjusted;
}

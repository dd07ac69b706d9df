import type { Criterion } from "@measure-plantain/probe";
import type { Summary } from "../summary/summary.ts";
import type { CriterionFigures, CriterionResult } from "./plan-summary.ts";

/** What of a summary a plan decides by. */
export type DecidedResults = Pick<Summary, "granularities" | "controls">;

/** Decides one criterion of a plan by the results of a run. */
export function evaluateCriterion(criterion: Criterion, results: DecidedResults): CriterionResult {
  const figures = findFigures(criterion, results);
  return { criterion, isMet: figures !== null && isMet(criterion, figures), figures };
}

function isMet(
  criterion: Criterion,
  { observed = 0, nullP99 = Infinity, control = Infinity, p = 1 }: CriterionFigures,
): boolean {
  switch (criterion.kind) {
    case "count":
      return observed > nullP99;
    case "family-wise":
      return p <= criterion.alpha;
    case "control-difference":
      return observed > control && p <= criterion.alpha;
    case "control-count":
      return observed > control;
  }
}

/** `null` if the run does not have what the criterion compares. */
function findFigures(
  criterion: Criterion,
  { granularities, controls }: DecidedResults,
): CriterionFigures | null {
  const units = granularities.find(({ name }) => name === criterion.granularity);
  if (units === undefined) return null;
  if (criterion.kind === "family-wise") {
    const [strongest] = units.strongest; // of the smallest family-wise p, too
    return strongest === undefined ? null : { p: strongest.familyWiseP };
  }
  const over = ({ threshold }: { readonly threshold: number }): boolean => threshold === criterion.threshold;
  const counted = units.thresholds.find(over);
  if (counted === undefined) return null;
  const { observed, nullP99 } = counted;
  if (criterion.kind === "count") return { observed, nullP99 };
  const beside = controls
    .find(({ name }) => name === criterion.control)
    ?.granularities.find(({ name }) => name === criterion.granularity);
  if (beside === undefined) return null;
  // A control of which no unit varies has no counts: none of its units is over a threshold.
  const control = beside.thresholds.find(over)?.observed ?? 0;
  if (criterion.kind === "control-count") return { observed, control };
  const difference = beside.difference?.thresholds.find(over);
  return difference === undefined ? null : { observed, control, p: difference.p };
}

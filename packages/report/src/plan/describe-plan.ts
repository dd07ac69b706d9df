import type { Criterion, PlanDeparture } from "@measure-plantain/probe";
import { formatCount, formatMeanCount, formatP } from "../text/format-number.ts";
import { describeGranularity } from "../text/granularity-names.ts";
import type { CriterionResult, PlanSummary } from "./plan-summary.ts";

/**
 * A criterion in words: what has to be for it to be met.
 *
 * @example
 * describeCriterion({ kind: "count", granularity: "group", threshold: 3, above: "null-p99" });
 * // "groups over |t| = 3: more than the 99th percentile of their null"
 */
export function describeCriterion(criterion: Criterion): string {
  const units = describeGranularity({ name: criterion.granularity, channelsPerUnit: null });
  if (criterion.kind === "family-wise")
    return `${units}: one or more with a family-wise p of at most ${criterion.alpha}`;
  const over = `${units} over |t| = ${criterion.threshold}`;
  switch (criterion.kind) {
    case "count":
      return `${over}: more than the 99th percentile of their null`;
    case "control-difference":
      return `${over}: more than in ${criterion.control}, with p of at most ${criterion.alpha} for the difference of both contrasts`;
    case "control-count":
      return `${over}: more than in ${criterion.control}`;
  }
}

/** What a criterion was decided by, in words. */
export function describeFigures({ criterion, figures }: CriterionResult): string {
  if (figures === null) return "the run does not have it";
  const { observed, nullP99, control, p } = figures;
  return [
    ...(observed === undefined ? [] : [formatCount(observed)]),
    ...(nullP99 === undefined ? [] : [`null p99 ${formatMeanCount(nullP99)}`]),
    ...(control === undefined || !("control" in criterion)
      ? []
      : [`${criterion.control} ${formatCount(control)}`]),
    ...(p === undefined ? [] : [`p = ${formatP(p)}`]),
  ].join(", ");
}

/** Whether the decision rule is met, in one sentence. */
export function describeVerdict({ isMet, criteria, departures, createdAt, startedAt }: PlanSummary): string {
  const met = criteria.filter((result) => result.isMet).length;
  const points = departures.length === 1 ? "1 point" : `${departures.length} points`;
  const followed = departures.length === 0 ? "follows its plan" : `departs from its plan in ${points}`;
  return (
    `The decision rule is ${isMet ? "" : "not "}met: ${met} of ${criteria.length} criteria. ` +
    `It was planned at ${createdAt}; the run began at ${startedAt}. The run ${followed}.`
  );
}

/** A departure with both values. */
export function describeDeparture({ what, planned, found }: PlanDeparture): string {
  return `${what}: ${planned} in the plan, ${found} in the run`;
}

import {
  describeCriterion,
  describeDeparture,
  describeFigures,
  describeVerdict,
} from "../plan/describe-plan.ts";
import type { Summary } from "../summary/summary.ts";
import { escapeMarkdown, formatList, formatTable } from "./markdown.ts";

/** What came of the plan of a run; nothing for a run without one. */
export function formatPlan({ plan }: Pick<Summary, "plan">): string[] {
  if (plan === undefined) return [];
  const rows = plan.criteria.map((result) => [
    escapeMarkdown(describeCriterion(result.criterion)),
    escapeMarkdown(describeFigures(result)),
    result.isMet ? "met" : "not met",
  ]);
  return [
    "## The plan",
    escapeMarkdown(describeVerdict(plan)),
    formatTable(["criterion", "found", ""], rows, 3),
    ...(plan.departures.length === 0
      ? []
      : ["Departures:", formatList(plan.departures.map(describeDeparture).map(escapeMarkdown))]),
    ...(plan.text.length === 0 ? [] : ["In the planner's words:", formatList(plan.text.map(escapeMarkdown))]),
    `SHA-256 of \`plan.json\`: \`${plan.sha256}\``,
  ];
}

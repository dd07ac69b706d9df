import { PLAN_FILE, type Manifest, type RunFolder } from "@measure-plantain/probe";
import type { RunResults } from "../statistics/run-results.ts";
import type { Summary } from "../summary/summary.ts";
import { checkRunPlan } from "./check-run-plan.ts";
import { evaluateCriterion } from "./evaluate-criterion.ts";

/** The summary of a run with what came of its plan; with a notice if the plan in the folder is not the one that it began with. */
export async function summarizePlan(
  folder: RunFolder,
  manifest: Manifest,
  results: Pick<RunResults, "analysis" | "controls" | "summary">,
): Promise<Summary> {
  const { summary } = results;
  const checked = await checkRunPlan(folder, manifest, results);
  if (checked === null) return summary;
  const { problem, stored, departures } = checked;
  if (stored === null || problem !== null) {
    const text = `${PLAN_FILE} is not the plan that the run began with, so nothing is decided by it: ${problem ?? "it cannot be read"}.`;
    return { ...summary, notices: [...summary.notices, { title: "Changed plan", text }] };
  }
  const { createdAt, decision } = stored.plan;
  const criteria = decision.criteria.map((criterion) => evaluateCriterion(criterion, summary));
  return {
    ...summary,
    plan: {
      createdAt,
      startedAt: manifest.startedAt,
      sha256: stored.sha256,
      isMet: criteria.every(({ isMet }) => isMet),
      criteria,
      text: decision.text,
      departures,
    },
  };
}

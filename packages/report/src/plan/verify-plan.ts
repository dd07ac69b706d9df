import { PLAN_FILE, type Manifest, type PlanDeparture, type RunFolder } from "@measure-plantain/probe";
import type { VerifiedItem } from "../verified-item.ts";
import { checkRunPlan } from "./check-run-plan.ts";
import { describeDeparture } from "./describe-plan.ts";

/** Checks that the plan is the one that the run began with, and that its settings follow it; no items without a plan. */
export async function verifyPlan(folder: RunFolder, manifest: Manifest): Promise<VerifiedItem[]> {
  const checked = await checkRunPlan(folder, manifest);
  if (checked === null) return [];
  const { problem, stored, departures } = checked;
  return [
    { what: `${PLAN_FILE} is the plan that the run began with`, problem },
    ...(stored === null ? [] : listParts(["settings", "time"], departures)),
  ];
}

/** Checks that what was computed and run next to a run follows its plan; no items without a plan. */
export async function verifyPlannedResults(
  folder: RunFolder,
  manifest: Manifest,
  results: Parameters<typeof checkRunPlan>[2],
): Promise<VerifiedItem[]> {
  const checked = await checkRunPlan(folder, manifest, results);
  return checked?.stored ? listParts(["statistics", "controls"], checked.departures) : [];
}

function listParts(
  parts: readonly PlanDeparture["part"][],
  departures: readonly PlanDeparture[],
): VerifiedItem[] {
  return parts.map((part) => {
    const own = departures.filter((departure) => departure.part === part);
    return {
      what: `follows its plan: ${part}`,
      problem: own.length === 0 ? null : own.map(describeDeparture).join("; "),
    };
  });
}

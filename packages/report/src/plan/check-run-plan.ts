import {
  findPlanDepartures,
  type FoundControl,
  type Manifest,
  PLAN_FILE,
  type PlanDeparture,
  ProbeError,
  readPlanFile,
  type RunFolder,
  type StoredPlan,
} from "@measure-plantain/probe";
import { existsSync } from "node:fs";
import type { RunResults } from "../statistics/run-results.ts";

/** The plan of a run folder, compared with the manifest and the run. */
export interface CheckedPlan {
  /** Why it is not the plan that the run began with; `null` if it is. */
  readonly problem: string | null;
  /** The plan that is there; `null` if it cannot be read. */
  readonly stored: StoredPlan | null;
  /** In what the run departs from the plan that is there. */
  readonly departures: readonly PlanDeparture[];
}

/**
 * Compares a run with the plan in its folder.
 *
 * @param results - What was computed from its captures; without it, statistics and controls are not compared.
 * @returns `null` for a run without a plan.
 */
export async function checkRunPlan(
  folder: RunFolder,
  manifest: Manifest,
  results?: Pick<RunResults, "analysis"> & { readonly controls: readonly NamedRun[] },
): Promise<CheckedPlan | null> {
  const path = folder.file(PLAN_FILE);
  if (manifest.plan === undefined && !existsSync(path)) return null;
  const stored = await readPlanFile(path).catch((error: unknown) => {
    if (error instanceof ProbeError) return error;
    throw error;
  });
  if (stored instanceof ProbeError) return { problem: stored.message, stored: null, departures: [] };
  const { settings, startedAt } = manifest;
  return {
    problem: explainOtherPlan(stored, manifest),
    stored,
    departures: findPlanDepartures(stored.plan, {
      settings,
      startedAt,
      ...(results && {
        statistics: {
          thresholds: results.analysis.thresholds,
          flips: results.analysis.flips,
          seed: results.analysis.seed,
        },
        controls: results.controls.map(findControl),
      }),
    }),
  };
}

/** A control by its name and what it was run with. */
interface NamedRun {
  readonly name: string;
  readonly manifest: Manifest;
}

function findControl({ name, manifest: { settings } }: NamedRun): FoundControl {
  const { promptSet, checkpoint } = settings;
  const { change } = checkpoint;
  return {
    name,
    promptSetSha256: promptSet.sha256,
    ...(change && { change: { kind: change.kind, seed: change.seed } }),
    settings,
  };
}

function explainOtherPlan({ sha256 }: StoredPlan, { plan }: Manifest): string | null {
  if (plan === undefined) return `there is a ${PLAN_FILE}, but the run began without a plan`;
  return plan.sha256 === sha256 ? null : `its SHA-256 is ${sha256}, but the manifest says ${plan.sha256}`;
}

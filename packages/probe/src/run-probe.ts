import { auditPrompts } from "./audit/audit-prompts.ts";
import { requireContrast } from "./audit/cut-prompts.ts";
import { requireAdapters } from "./controls/base-checkpoint.ts";
import type { Control } from "./controls/parse-controls.ts";
import { runControl, STAGES_OF_CONTROL } from "./controls/run-control.ts";
import { captureRun, STAGES_OF_RUN } from "./passes/capture-run.ts";
import { recordPlan, type PlannedStatistics, type StoredPlan } from "./plan-file/plan-file.ts";
import { requirePlanned } from "./plan-file/require-planned.ts";
import type { ProbePlan } from "./plan-probe.ts";
import { ProbeError } from "./probe-error.ts";
import { createReporter, type ProgressOptions } from "./reporter.ts";
import { RunFolder } from "./run-folder/run-folder.ts";
import type { ProbeSettings } from "./settings/settings.ts";
import { isPart, shardPairs, type Shard } from "./settings/shard.ts";

/** How a planned probe is run. */
export interface RunOptions extends ProgressOptions {
  /** What is run next to it, into `controls/` of its folder. */
  readonly controls?: readonly Control[];
  /** Captures every N-th pair from the K-th on, as one of N runs for `mergeShards`. */
  readonly shard?: Shard | undefined;
  /** The plan that the run follows; it is refused if it departs from it. */
  readonly plan?: StoredPlan | undefined;
  /** What will be computed from the captures, to be compared with the plan. */
  readonly statistics?: PlannedStatistics | undefined;
  /** Ends the run; what was stored is kept. */
  readonly signal?: AbortSignal | undefined;
}

/**
 * Captures what a plan says, and its controls, into a run folder.
 *
 * A pass is stored when it is whole: a folder that a killed run left is continued by the same call and ends with the same
 * bytes; a complete one is left as it is. One process at a time writes into a folder.
 *
 * @param path - The run folder, to be made or continued.
 * @throws {ProbeError} `other-settings` or `not-a-run-folder` if the folder holds something else, and nothing is changed;
 * `plan-departure`; `invalid-option` for a shard with controls; `no-contrast` for a control; `cannot-plant`.
 * @throws {FluxRuntimeError} `folder-in-use`, `session-failed`, `disk-full`; else the signal's reason.
 * @example
 * const run = await runProbe(plan, "runs/otherview", { controls: await parseControls(["shuffled"], plan.promptSet) });
 * run.file("captures.safetensors");
 */
export async function runProbe(
  plan: ProbePlan,
  path: string,
  { controls = [], shard, plan: stored, statistics, signal, onProgress, onNote }: RunOptions = {},
): Promise<RunFolder> {
  if (isPart(shard) && controls.length > 0) {
    throw new ProbeError(
      "invalid-option",
      "Controls belong to the whole run. Leave out the option `controls`, or the option `shard`.",
      { option: "controls" },
    );
  }
  shardPairs(plan.promptSet.pairs.length, shard); // refuses more shards than pairs
  if (stored !== undefined) await requirePlanned(stored, plan, { controls, shard, statistics });
  requireAdapters(plan.checkpoint.checkpoint, controls);
  for (const control of controls) await requireControlContrast(control, plan);
  const reporter = createReporter(
    { onProgress, onNote },
    STAGES_OF_RUN + controls.length * STAGES_OF_CONTROL,
  );
  const settings: ProbeSettings = {
    ...plan.settings,
    batch: await keepBatch(plan, path),
    ...(shard !== undefined && { shard }),
  };
  const run: ProbePlan = { ...plan, settings };
  const folder = await RunFolder.openForRun(path, settings, {
    wordCounts: plan.options.wordCounts?.record,
    plan: stored && recordPlan(stored),
  });
  try {
    await captureRun(run, folder, { reporter, signal, stored });
    for (const control of controls) await runControl(control, run, folder, { reporter, signal });
  } finally {
    await folder.close();
  }
  return folder;
}

/** A batch that was chosen for the run that the folder holds is kept: sums are rounded differently in another. */
async function keepBatch(
  { options: { batch = "auto" }, settings }: ProbePlan,
  path: string,
): Promise<number> {
  if (batch !== "auto") return batch;
  const before = await RunFolder.openForReading(path).then(
    (folder) => folder.readManifest(),
    () => null, // no run yet; a folder of something else is refused when the run opens it
  );
  return before?.settings.batch ?? settings.batch;
}

/** Before hours of passes, not after them. */
async function requireControlContrast(control: Control, { checkpoint, settings }: ProbePlan): Promise<void> {
  if (control.kind !== "prompts") return;
  const { maxSequenceLength } = settings;
  const audit = await auditPrompts(control.promptSet, checkpoint.checkpoint, {
    maxSequenceLength,
    wordCounts: null,
  });
  requireContrast(audit);
}

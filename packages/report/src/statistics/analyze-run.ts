import {
  CONTROLS_FOLDER,
  openRun,
  readPlant,
  type CheckpointChange,
  type Manifest,
  type RunFolder,
} from "@measure-plantain/probe";
import { summarizePlan } from "../plan/summarize-plan.ts";
import { summarize } from "../summary/summarize.ts";
import type { ControlKind } from "../summary/summary.ts";
import {
  analyzeFolder,
  type AnalyzeFolderOptions,
  type AnalyzeOptions,
  type FolderResults,
} from "./analyze-folder.ts";
import { ANALYSIS_AND_COMPARISON, compareResults, COMPARISON } from "./compare-runs.ts";
import { divideProgress, reportStatistics } from "./divide-progress.ts";
import type { ControlResults, RunResults } from "./run-results.ts";
import { scorePlant } from "./score-plant.ts";

/**
 * Computes the statistics of a run folder and of its controls, and compares the run with each of them.
 *
 * @throws {ProbeError} `incomplete-run`, `changed-captures`; {ReportError} `not-comparable` for a control of other units.
 * @example
 * const results = await analyzeRun(await openRun("runs/otherview"), { flips: 10_000 });
 * results.analysis.granularities[0].signFlip.maximum.p;
 */
export async function analyzeRun(
  folder: RunFolder,
  { onProgress, ...options }: AnalyzeOptions = {},
): Promise<RunResults> {
  const names = await folder.listRuns(CONTROLS_FOLDER);
  const weights = [1, ...names.map(() => ANALYSIS_AND_COMPARISON)];
  const [ofRun, ...ofControls] = divideProgress(reportStatistics(onProgress), weights);
  const run = await analyzeFolder(folder, { ...options, onProgress: ofRun });
  const controls: ControlResults[] = [];
  for (const [place, name] of names.entries()) {
    const control = await analyzeControl(folder, run, name, { ...options, onProgress: ofControls[place] });
    if (control !== null) controls.push(control);
  }
  const results = { ...run, summary: summarize(run.analysis, run.context, controls), controls };
  return { ...results, summary: await summarizePlan(folder, run.manifest, results) };
}

/** Computes the statistics of a run folder as those of a control are computed: its own controls are left out. */
export async function analyzeAlone(folder: RunFolder, options: AnalyzeFolderOptions): Promise<RunResults> {
  const results = await analyzeFolder(folder, options);
  return { ...results, summary: summarize(results.analysis, results.context), controls: [] };
}

/** Analyses a control and compares its run with it; `null` if the control is not complete. */
async function analyzeControl(
  folder: RunFolder,
  run: FolderResults,
  name: string,
  { onProgress, ...options }: AnalyzeFolderOptions,
): Promise<ControlResults | null> {
  const control = await openRun(folder.file(CONTROLS_FOLDER, name));
  const { state, settings } = await control.readManifest();
  const plan = await readPlant(control);
  // What was planted is stored last: until then the control is not complete.
  if (state !== "complete" || (settings.checkpoint.change?.kind === "planted" && plan === null)) return null;
  const [ofAnalysis, ofComparison] = divideProgress(onProgress, [1, COMPARISON]);
  const results = await analyzeAlone(control, { ...options, onProgress: ofAnalysis });
  const plant = plan && scorePlant(plan, results.analysis, run.analysis);
  const other = { ...results, name, plant };
  return {
    ...results,
    name,
    kind: nameKind(run.manifest, results.manifest),
    folder: control,
    comparison: await compareResults(run, other, { ...options, onProgress: ofComparison }),
  };
}

const kindsOfChange = {
  "random-weights": "weights",
  base: "base",
  planted: "changed-weights",
} as const satisfies Record<CheckpointChange["kind"], ControlKind>;

function nameKind(run: Manifest, control: Manifest): ControlKind {
  const { id, change } = control.settings.checkpoint;
  if (id !== run.settings.checkpoint.id) return kindsOfChange[change?.kind ?? "planted"];
  return control.settings.promptSet.sha256 === run.settings.promptSet.sha256 ? "settings" : "prompts";
}

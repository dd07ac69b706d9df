import {
  analyzeFolder,
  type AnalyzeFolderOptions,
  type AnalyzeOptions,
  type FolderResults,
} from "./analyze-folder.ts";
import type { ControlKind } from "../summary/control-summary.ts";
import { listNotices } from "../summary/list-notices.ts";
import { divideProgress, reportStatistics } from "./divide-progress.ts";
import { CONTROLS_FOLDER, openRun, readPlant, type Manifest, type RunFolder } from "@measure-plantain/probe";
import { compareResults, type RunComparison } from "./compare-runs.ts";
import { scorePlant, type PlantScore } from "./score-plant.ts";

/** A run with the controls that it has. */
export interface RunResults extends FolderResults {
  /** The controls that are complete, by name. */
  readonly controls: readonly ControlResults[];
  /** The run compared with each of them. */
  readonly comparisons: readonly RunComparison[];
}

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
  const [ofRun, ofControls, ofComparisons] = divideProgress(reportStatistics(onProgress), [
    1,
    names.length,
    names.length / 10,
  ]);
  const run = await analyzeFolder(folder, { ...options, onProgress: ofRun });
  const controls = await readControls(folder, run, names, { ...options, onProgress: ofControls });
  const comparisons = await compareResults(run, controls, { ...options, onProgress: ofComparisons });
  const evidence = controls.map(({ name, results: { manifest, analysis, context } }, place) => ({
    name,
    kind: tellKind(run.manifest, manifest),
    promptSet: context.promptSet,
    notices: listNotices(context),
    analysis,
    unpaired: comparisons[place]?.unpaired ?? null,
    comparisons: comparisons[place]?.granularities ?? [],
  }));
  return { ...run, context: { ...run.context, controls: evidence }, controls, comparisons };
}

function tellKind(run: Manifest, control: Manifest): ControlKind {
  const { id, change } = control.settings.checkpoint;
  if (id !== run.settings.checkpoint.id)
    return change?.kind === "random-weights" ? "weights" : "changed-weights";
  return control.settings.promptSet.sha256 === run.settings.promptSet.sha256 ? "settings" : "prompts";
}

/** A complete control of a run. */
export interface ControlResults {
  /** Of its folder, as `random-weights-1`. */
  readonly name: string;
  /** A run folder of its own. */
  readonly folder: RunFolder;
  /** Its manifest and its statistics. */
  readonly results: FolderResults;
  /** What was found of an effect that was planted there; `null` where none was. */
  readonly plant: PlantScore | null;
}

/** The controls of a run that are complete, by name. */
async function readControls(
  folder: RunFolder,
  run: FolderResults,
  names: readonly string[],
  options: AnalyzeFolderOptions,
): Promise<ControlResults[]> {
  const ofEach = divideProgress(
    options.onProgress,
    names.map(() => 1),
  );
  const controls: ControlResults[] = [];
  for (const [place, name] of names.entries()) {
    const control = await openRun(folder.file(CONTROLS_FOLDER, name));
    const { state, settings } = await control.readManifest();
    const plan = await readPlant(control);
    // What was planted is stored last: until then the control is not complete.
    if (state !== "complete" || (settings.checkpoint.change?.kind === "planted" && plan === null)) continue;
    const results = await analyzeFolder(control, { ...options, onProgress: ofEach[place] });
    const plant = plan && scorePlant(plan, results.analysis, run.analysis);
    controls.push({ name, folder: control, results, plant });
  }
  return controls;
}

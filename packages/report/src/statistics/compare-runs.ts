import type { RunFolder } from "@measure-plantain/probe";
import {
  analyzeFolder,
  type AnalyzeFolderOptions,
  type AnalyzeOptions,
  type FolderResults,
} from "./analyze-folder.ts";
import { divideProgress, reportStatistics } from "./divide-progress.ts";
import { listNotices } from "../summary/notices.ts";
import type { Notice } from "../summary/summary.ts";
import { explainUnpaired, listRunDifferences, type RunDifference } from "./run-differences.ts";
import { compareAnalyses, type GranularityComparison } from "./compare-analyses.ts";
import type { PlantScore } from "./score-plant.ts";

/** A run compared with another, as `comparison.json` and `compare --json` hold it. */
export interface RunComparison {
  /** Of the other run. */
  readonly name: string;
  /** In what the two runs differ. */
  readonly differences: readonly RunDifference[];
  /** What a reader has to know of either run before any number. */
  readonly notices: readonly Notice[];
  /** Why the contrasts are not subtracted pair by pair; `null` if they are. */
  readonly unpaired: string | null;
  /** How the units of each granularity differ. */
  readonly granularities: readonly GranularityComparison[];
  /** If an effect was planted in the other run: what was found of it. */
  readonly plant?: PlantScore;
}

/** How long a comparison takes, with an analysis as 1. */
export const COMPARISON = 0.1;

/** How long it takes to analyse a run and to compare it with another. */
export const ANALYSIS_AND_COMPARISON: number = 1 + COMPARISON;

/** Compares a run with another over the same units. @throws {ReportError} as `compareAnalyses` does. */
export async function compareResults(
  run: FolderResults,
  other: FolderResults & { readonly name: string; readonly plant?: PlantScore | null },
  { flips, signal, onProgress }: AnalyzeFolderOptions,
): Promise<RunComparison> {
  const unpaired = explainUnpaired(run, other);
  return {
    name: other.name,
    differences: listRunDifferences(run, other),
    notices: [
      ...listNotices(run.context).map(({ title, text }) => ({ title: `This run: ${title}`, text })),
      ...listNotices(other.context),
    ],
    unpaired,
    granularities: await compareAnalyses(run.analysis, other.analysis, {
      flips,
      isPaired: unpaired === null,
      signal,
      onProgress,
    }),
    ...(other.plant && { plant: other.plant }),
  };
}

/**
 * Compares a run with others over the same units: what their settings differ in, how the units' t correlate, which of the
 * strongest they share, and the difference of their contrasts, pair by pair, if it has a meaning.
 *
 * @param others - Each under the name that the comparison is to have.
 * @throws {ReportError} `not-comparable` for runs of other units; {ProbeError} for a folder that is not a complete run.
 * @example
 * const [comparison] = await compareRuns(run, [{ name: "seed 1", run: await openRun("runs/seed-1") }]);
 * comparison.granularities[0].correlationOfT;
 */
export async function compareRuns(
  run: RunFolder,
  others: readonly { readonly name: string; readonly run: RunFolder }[],
  { onProgress, ...options }: AnalyzeOptions = {},
): Promise<RunComparison[]> {
  const weights = [1, ...others.map(() => ANALYSIS_AND_COMPARISON)];
  const [ofRun, ...ofOthers] = divideProgress(reportStatistics(onProgress), weights);
  const first = await analyzeFolder(run, { ...options, onProgress: ofRun });
  const comparisons: RunComparison[] = [];
  for (const [place, { name, run: folder }] of others.entries()) {
    const [ofAnalysis, ofComparison] = divideProgress(ofOthers[place], [1, COMPARISON]);
    const other = await analyzeFolder(folder, { ...options, onProgress: ofAnalysis });
    const comparison = await compareResults(
      first,
      { ...other, name },
      { ...options, onProgress: ofComparison },
    );
    comparisons.push(comparison);
  }
  return comparisons;
}

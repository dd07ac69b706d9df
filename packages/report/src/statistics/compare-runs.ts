import type { RunFolder } from "@measure-plantain/probe";
import {
  analyzeFolder,
  type AnalyzeFolderOptions,
  type AnalyzeOptions,
  type FolderResults,
} from "./analyze-folder.ts";
import { divideProgress, reportStatistics } from "./divide-progress.ts";
import { listNotices } from "../summary/list-notices.ts";
import type { Notice } from "../summary/notice.ts";
import { explainUnpaired, listRunDifferences, type RunDifference } from "./run-differences.ts";
import { compareAnalyses, type GranularityComparison } from "./compare-analyses.ts";
import type { PlantScore } from "./score-plant.ts";

/** A run beside others, as `comparison.json` and `compare --json` hold it. */
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
  /** Where an effect was planted in the other run: what was found of it. */
  readonly plant?: PlantScore;
}

/** Compares a run with others over the same units. @throws {ReportError} as `compareAnalyses` does. */
export async function compareResults(
  run: FolderResults,
  others: readonly {
    readonly name: string;
    readonly results: FolderResults;
    readonly plant: PlantScore | null;
  }[],
  { flips, signal, onProgress }: AnalyzeFolderOptions,
): Promise<RunComparison[]> {
  const comparisons: RunComparison[] = [];
  const ofEach = divideProgress(
    onProgress,
    others.map(() => 1),
  );
  for (const [place, { name, results, plant }] of others.entries()) {
    const unpaired = explainUnpaired(run, results);
    const isPaired = unpaired === null;
    comparisons.push({
      name,
      differences: listRunDifferences(run, results),
      notices: [
        ...listNotices(run.context).map(({ title, text }) => ({ title: `This run: ${title}`, text })),
        ...listNotices(results.context),
      ],
      unpaired,
      granularities: await compareAnalyses(run.analysis, results.analysis, {
        ...(flips !== undefined && { flips }),
        isPaired,
        signal,
        onProgress: ofEach[place],
      }),
      ...(plant && { plant }),
    });
  }
  return comparisons;
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
  const count = others.length;
  const onShare = reportStatistics(onProgress);
  const [ofRun, ofOthers, ofComparisons] = divideProgress(onShare, [1, count, count / 10]);
  const ofEach = divideProgress(
    ofOthers,
    others.map(() => 1),
  );
  const first = await analyzeFolder(run, { ...options, onProgress: ofRun });
  const analysed = [];
  for (const [place, other] of others.entries()) {
    const results = await analyzeFolder(other.run, { ...options, onProgress: ofEach[place] });
    analysed.push({ name: other.name, results, plant: null });
  }
  return compareResults(first, analysed, { ...options, onProgress: ofComparisons });
}

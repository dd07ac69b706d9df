import type { AnalyzeFolderOptions, FolderResults } from "./analyze-folder.ts";
import { divideProgress } from "./divide-progress.ts";
import { listNotices, type Notice } from "../summary/notices.ts";
import { explainUnpaired, listRunDifferences, type RunDifference } from "./run-differences.ts";
import { compareAnalyses, type GranularityComparison } from "./compare-analyses.ts";
import type { PlantScore } from "./score-plant.ts";

/** A run beside others, as `comparison.json` and `compare --json` hold it. */
export interface RunComparison {
  readonly name: string;
  /** In what the two runs differ. */
  readonly differences: readonly RunDifference[];
  /** What a reader has to know of either run before any number. */
  readonly notices: readonly Notice[];
  /** Why the contrasts are not subtracted pair by pair; `null` if they are. */
  readonly unpaired: string | null;
  readonly granularities: readonly GranularityComparison[];
  /** Where an effect was planted in the other run: what was found of it. */
  readonly plant?: PlantScore;
}

/** Holds a run against others over the same units. @throws UsageError as `compareAnalyses` does. */
export async function compareRuns(
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
        flips,
        isPaired,
        signal,
        onProgress: ofEach[place],
      }),
      ...(plant && { plant }),
    });
  }
  return comparisons;
}

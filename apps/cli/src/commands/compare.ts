import {
  compareRuns,
  formatComparisons,
  analyzeFolder,
  type FolderResults,
  divideProgress,
  type OnProgress,
  type ResultOptions,
} from "@measure-plantain/report";
import { UsageError, RunFolder } from "@measure-plantain/probe";
import { STATISTICS, withLateBar } from "../terminal/late-bar.ts";
import { createProgress } from "../terminal/progress.ts";

/** What `measure-plantain compare` was told. */
export interface CompareOptions extends Pick<ResultOptions, "flips" | "json" | "acceptChangedCaptures"> {
  readonly quiet: boolean;
}
import { writeResult } from "../terminal/write-text.ts";

/** Holds the first run folder against each of the others. */
export async function compare(
  [first, ...rest]: readonly string[],
  { json, ...options }: CompareOptions,
  signal: AbortSignal,
): Promise<void> {
  if (first === undefined || rest.length === 0) {
    throw new UsageError("compare needs two run folders or more: the run, then what to hold it against.");
  }
  const comparisons = await withLateBar(createProgress(options), STATISTICS, async (onProgress) => {
    const [ofRun, ofOthers, ofComparisons] = divideProgress(onProgress, [1, rest.length, rest.length / 10]);
    const ofEach = divideProgress(
      ofOthers,
      rest.map(() => 1),
    );
    const read = async (directory: string, tell: OnProgress | undefined): Promise<FolderResults> =>
      analyzeFolder(await RunFolder.openForReading(directory), { ...options, signal, onProgress: tell });
    const run = await read(first, ofRun);
    const others = [];
    for (const [place, directory] of rest.entries())
      others.push({ name: directory, results: await read(directory, ofEach[place]), plant: null });
    return compareRuns(run, others, { ...options, signal, onProgress: ofComparisons });
  });
  writeResult(json ? `${JSON.stringify(comparisons, null, 2)}\n` : formatComparisons(comparisons));
}

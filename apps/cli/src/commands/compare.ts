import { compareRuns } from "../controls/compare-runs.ts";
import { formatComparisons } from "../controls/format-comparisons.ts";
import { UsageError } from "../errors.ts";
import { analyzeFolder, type FolderResults } from "../results/analyze-folder.ts";
import type { ResultOptions } from "../run-folder/write-results.ts";
import { RunFolder } from "../run-folder/run-folder.ts";

/** What `measure-plantain compare` was told. */
export type CompareOptions = Pick<ResultOptions, "flips" | "json" | "acceptChangedCaptures">;

/** Holds the first run folder against each of the others. */
export async function compare(
  [first, ...rest]: readonly string[],
  { json, ...options }: CompareOptions,
  signal: AbortSignal,
): Promise<void> {
  if (first === undefined || rest.length === 0) {
    throw new UsageError("compare needs two run folders or more: the run, then what to hold it against.");
  }
  const read = async (directory: string): Promise<FolderResults> =>
    analyzeFolder(await RunFolder.openForReading(directory), { ...options, signal });
  const run = await read(first);
  const others = [];
  for (const directory of rest) others.push({ name: directory, results: await read(directory), plant: null });
  const comparisons = await compareRuns(run, others, { ...options, signal });
  process.stdout.write(json ? `${JSON.stringify(comparisons, null, 2)}\n` : formatComparisons(comparisons));
}

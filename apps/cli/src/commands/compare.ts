import { compareRuns } from "../controls/compare-runs.ts";
import { formatComparisons } from "../controls/format-comparisons.ts";
import { UsageError } from "../errors.ts";
import { analyzeFolder, type FolderResults } from "../results/analyze-folder.ts";
import { RunFolder } from "../run-folder/run-folder.ts";
import { writeResult } from "../terminal/write-text.ts";

/** Holds the first run folder against each of the others. */
export async function compare(
  [first, ...rest]: readonly string[],
  { json }: { readonly json: boolean },
  signal: AbortSignal,
): Promise<void> {
  if (first === undefined || rest.length === 0) {
    throw new UsageError("compare needs two run folders or more: the run, then what to hold it against.");
  }
  const read = async (directory: string): Promise<FolderResults> =>
    analyzeFolder(await RunFolder.openForReading(directory), 200, signal);
  const run = await read(first);
  const others = [];
  for (const directory of rest) others.push({ name: directory, results: await read(directory), plant: null });
  const comparisons = await compareRuns(run, others, signal).catch((error: unknown) => {
    throw error instanceof RangeError ? new UsageError(error.message, { cause: error }) : error;
  });
  writeResult(json ? `${JSON.stringify(comparisons, null, 2)}\n` : formatComparisons(comparisons));
}

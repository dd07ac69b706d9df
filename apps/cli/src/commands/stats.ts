import { RunFolder } from "../run-folder/run-folder.ts";
import { writeResults, type ResultOptions } from "../run-folder/write-results.ts";

/** Computes the statistics of a run folder anew from its captures, writes its tables and prints the summary. */
export async function stats(directory: string, options: ResultOptions, signal: AbortSignal): Promise<void> {
  const folder = await RunFolder.openForReading(directory);
  await folder.whileLocked(() => writeResults(folder, options, signal));
}

import { RunFolder } from "@measure-plantain/probe";
import { writeResults, type ResultOptions } from "@measure-plantain/report";
import { STATISTICS, withLateBar } from "../terminal/late-bar.ts";
import { createProgress } from "../terminal/progress.ts";

/** What `measure-plantain stats` was told. */
export interface StatsOptions extends ResultOptions {
  readonly quiet: boolean;
}

/** Computes the statistics of a run folder anew from its captures, writes its tables and prints the summary. */
export async function stats(directory: string, options: StatsOptions, signal: AbortSignal): Promise<void> {
  const folder = await RunFolder.openForReading(directory);
  await folder.whileLocked(() =>
    withLateBar(createProgress(options), STATISTICS, (onProgress) =>
      writeResults(folder, { ...options, onProgress }, signal),
    ),
  );
}

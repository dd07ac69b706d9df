import { mergeShards } from "@measure-plantain/probe";
import { STATISTICS, withLateBar } from "../terminal/late-bar.ts";
import { createProgress } from "../terminal/progress.ts";
import { writeResults, type ResultOptions } from "@measure-plantain/report";

export interface MergeOptions extends ResultOptions {
  readonly quiet: boolean;
}

/** Joins the shards of a run into one run folder and writes its results, as `run` does. */
export async function merge(
  out: string,
  shards: readonly string[],
  options: MergeOptions,
  signal: AbortSignal,
): Promise<void> {
  const progress = createProgress(options);
  const folder = await mergeShards(out, shards);
  try {
    progress.note(`${shards.length} shards agree and are joined in ${folder.path}.`);
    await withLateBar(progress, STATISTICS, (onProgress) =>
      writeResults(folder, { ...options, onProgress }, signal),
    );
    progress.note(`Report: ${folder.file("report.html")}`);
  } finally {
    await folder.close();
  }
}

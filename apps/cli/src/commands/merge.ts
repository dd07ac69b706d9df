import { mergeShards } from "@measure-plantain/probe";
import { createDisplay } from "../terminal/display.ts";
import { showResults, type ResultOptions } from "./show-results.ts";

/** Joins the shards of a run and writes the results of the whole. */
export async function merge(
  out: string,
  shards: readonly string[],
  options: ResultOptions,
  signal: AbortSignal,
): Promise<void> {
  const display = createDisplay(options);
  const run = await mergeShards(out, shards);
  display.note(`${shards.length} shards agree and are joined in ${run.path}.`);
  await showResults(run, options, { signal, display });
  display.note(`Report: ${run.file("report.html")}`);
}

import { openRun } from "@measure-plantain/probe";
import { createDisplay } from "../terminal/display.ts";
import { showResults, type ResultOptions } from "./show-results.ts";

/** Recomputes the statistics of a run folder from its captures, rewrites its tables and its report, prints the summary. */
export async function stats(directory: string, options: ResultOptions, signal: AbortSignal): Promise<void> {
  const run = await openRun(directory);
  await showResults(run, options, { signal, display: createDisplay(options) });
}

import { openRun } from "@measure-plantain/probe";
import { readFlips, writePage } from "@measure-plantain/report";
import { formatCommands } from "../terminal/command-line.ts";
import { createDisplay } from "../terminal/display.ts";
import { writeResult } from "../terminal/write-text.ts";
import { computeResults, type ResultOptions } from "./show-results.ts";

/** What `measure-plantain report` was told; without flips, those of the folder's summary. */
export interface ReportOptions
  extends Omit<ResultOptions, "flips" | "json">, Partial<Pick<ResultOptions, "flips">> {}

/** Rewrites the report of a run folder, and nothing else of its results. */
export async function report(directory: string, options: ReportOptions, signal: AbortSignal): Promise<void> {
  const run = await openRun(directory);
  const flips = options.flips ?? (await readFlips(run));
  const results = await computeResults(
    run,
    { ...options, flips },
    { signal, display: createDisplay(options) },
  );
  await writePage(run, results, { figures: options.figures, commands: formatCommands });
  writeResult(`${run.file("report.html")}\n`);
}

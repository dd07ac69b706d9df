import { openRun } from "@measure-plantain/probe";
import { analyzeRun, readFlips, writePage } from "@measure-plantain/report";
import { formatCommands } from "../terminal/command-line.ts";
import { createDisplay } from "../terminal/display.ts";
import { writeResult } from "../terminal/write-text.ts";
import type { ResultOptions } from "./show-results.ts";

/** What `measure-plantain report` was told; without flips, those of the folder's summary. */
export interface ReportOptions
  extends Omit<ResultOptions, "flips" | "json">, Partial<Pick<ResultOptions, "flips">> {}

/** Rewrites the report of a run folder from the numbers that its summary and tables hold. */
export async function report(directory: string, options: ReportOptions, signal: AbortSignal): Promise<void> {
  const { acceptChangedCaptures, figures } = options;
  const run = await openRun(directory);
  const flips = options.flips ?? (await readFlips(run));
  const results = await analyzeRun(run, { flips, acceptChangedCaptures, signal, ...createDisplay(options) });
  await writePage(run, results, { figures, commands: formatCommands });
  writeResult(`${run.file("report.html")}\n`);
}

import type { RunFolder } from "@measure-plantain/probe";
import {
  analyzeRun,
  formatPlantScore,
  formatSummaryTable,
  writeResults,
  type Flips,
  type RunResults,
} from "@measure-plantain/report";
import { formatCommands } from "../terminal/command-line.ts";
import type { Display } from "../terminal/display.ts";
import { writeResult } from "../terminal/write-text.ts";

/** How results are computed and shown. */
export interface ResultOptions {
  readonly flips: Flips;
  readonly figures: boolean;
  /** Also reads captures that are not the ones that the run wrote. */
  readonly acceptChangedCaptures?: boolean;
  readonly json: boolean;
  readonly quiet: boolean;
}

/** What shows how far a computation is, and what ends it. */
export interface Watch {
  readonly signal: AbortSignal;
  readonly display: Display;
}

/** Computes the statistics of a run from its captures. */
export async function computeResults(
  run: RunFolder,
  { flips, acceptChangedCaptures }: Pick<ResultOptions, "flips" | "acceptChangedCaptures">,
  { signal, display }: Watch,
): Promise<RunResults> {
  return analyzeRun(run, { flips, acceptChangedCaptures, signal, ...display });
}

/** Writes what follows from the captures of a run, and prints its table. */
export async function showResults(run: RunFolder, options: ResultOptions, watch: Watch): Promise<void> {
  const { figures, json } = options;
  const results = await computeResults(run, options, watch);
  const summary = await writeResults(run, results, { figures, commands: formatCommands });
  writeResult(json ? `${JSON.stringify(summary, null, 2)}\n` : `${formatSummaryTable(summary)}\n`);
  for (const { name, comparison } of json ? [] : results.controls) {
    if (comparison.plant) writeResult(`${name}: ${formatPlantScore(comparison.plant)}\n`);
  }
}

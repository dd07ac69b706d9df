import { openRun } from "@measure-plantain/probe";
import { compareRuns, formatComparisons } from "@measure-plantain/report";
import { createDisplay } from "../terminal/display.ts";
import { writeResult } from "../terminal/write-text.ts";
import { UsageError } from "../usage-error.ts";
import type { ResultOptions } from "./show-results.ts";

/** What `measure-plantain compare` was told. */
export type CompareOptions = Omit<ResultOptions, "figures">;

/** Compares the first run folder with each of the others. */
export async function compare(
  [first, ...rest]: readonly string[],
  options: CompareOptions,
  signal: AbortSignal,
): Promise<void> {
  if (first === undefined || rest.length === 0) {
    throw new UsageError("compare needs two run folders or more: the run, then those to compare it with.");
  }
  const { flips, acceptChangedCaptures, json } = options;
  const others = [];
  const run = await openRun(first);
  for (const directory of rest) others.push({ name: directory, run: await openRun(directory) });
  const comparisons = await compareRuns(run, others, {
    flips,
    acceptChangedCaptures,
    signal,
    ...createDisplay(options),
  });
  writeResult(json ? `${JSON.stringify(comparisons, null, 2)}\n` : formatComparisons(comparisons));
}

import type { RunFolder } from "@measure-plantain/probe";
import { readFile } from "node:fs/promises";
import { formatRunPage, writeFigures } from "./page/draw-when-asked.ts";
import { hasFigures } from "./page/figures/figures-folder.ts";
import { ReportError } from "./report-error.ts";
import { describeResults, type FormatCommands } from "./text/describe-results.ts";
import type { Summary } from "./summary/summary.ts";
import type { RunResults } from "./statistics/run-results.ts";
import { FEWEST_FLIPS, type Flips, flipsOfSummary, MOST_FLIPS } from "./statistics/flips.ts";
import { formatPairCsv } from "./tables/pair-table.ts";
import { formatUnitParquet } from "./tables/unit-parquet.ts";
import { formatUnitCsv } from "./tables/unit-table.ts";
import { unitTables } from "./tables/unit-tables.ts";

/** What is written. */
export interface WriteOptions {
  /** Every figure as a file, too; once they are there, they are always rewritten. */
  readonly figures?: boolean | undefined;
  /** The commands that make a run folder again, for its page and card. */
  readonly commands?: FormatCommands | undefined;
}

/**
 * Writes what follows from the captures into the run folder and into those of its controls: the tables of units and pairs,
 * `summary.json`, `summary.md` and `report.html`, `comparison.json` if there are controls, and figures.
 *
 * @returns The run's summary.
 * @throws {FluxRuntimeError} `folder-in-use`, `disk-full`, `unwritable-file`.
 * @example
 * const summary = await writeResults(run, await analyzeRun(run), { figures: true });
 * console.log(formatSummaryTable(summary));
 */
export async function writeResults(
  run: RunFolder,
  results: RunResults,
  { figures, commands }: WriteOptions = {},
): Promise<Summary> {
  const { summary, controls } = results;
  await run.whileLocked(async () => {
    for (const control of controls) {
      const { folder } = control;
      await folder.whileLocked(async () => {
        await writeTables(folder, control, commands);
        await folder.write("report.html", await formatRunPage(folder, control, commands));
      });
    }
    await writeTables(run, results, commands);
    if (controls.length > 0)
      await run.writeJson(
        "comparison.json",
        controls.map(({ comparison }) => comparison),
      );
    await writePage(run, results, { figures, commands });
  });
  return summary;
}

/**
 * Rewrites the report of a run folder, and its figures if they are asked for or there already.
 *
 * @example
 * await writePage(run, await analyzeRun(run, { flips: await readFlips(run) }));
 */
export async function writePage(
  run: RunFolder,
  results: RunResults,
  { figures = false, commands }: WriteOptions = {},
): Promise<void> {
  await run.whileLocked(async () => {
    await run.write("report.html", await formatRunPage(run, results, commands));
    if (figures || hasFigures(run)) await writeFigures(run, results);
  });
}

/**
 * The sign flips that the results of a run folder were computed with.
 *
 * @throws {ReportError} `no-summary`.
 */
export async function readFlips(run: RunFolder): Promise<Flips> {
  const text = await readFile(run.file("summary.json"), "utf8").catch((cause: unknown) => {
    throw new ReportError("no-summary", `${run.path} has no summary.json. Write its results first.`, {
      cause,
    });
  });
  const flips = flipsOfSummary(parseSummary(text));
  if (flips !== null) return flips;
  throw new ReportError(
    "no-summary",
    `${run.file("summary.json")} names no number of sign flips from ${FEWEST_FLIPS} to ${MOST_FLIPS}. Write the results again.`,
  );
}

function parseSummary(text: string): Partial<Summary> {
  try {
    return (JSON.parse(text) ?? {}) as Partial<Summary>; // flipsOfSummary checks what it reads
  } catch {
    return {};
  }
}

async function writeTables(
  run: RunFolder,
  results: RunResults,
  commands: FormatCommands | undefined,
): Promise<void> {
  const { analysis, context, summary } = results;
  for (const { table, granularity } of unitTables(analysis)) {
    await run.write(`${table}.csv`, formatUnitCsv(granularity));
    await run.write(`${table}.parquet`, formatUnitParquet(granularity));
  }
  await run.write("pairs.csv", formatPairCsv({ ...context, ...analysis, confounds: summary.confounds }));
  await run.writeJson("summary.json", summary);
  await run.write("summary.md", describeResults(results, commands));
}

import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { ablationMarkdown, UsageError, type Manifest, type RunFolder } from "@measure-plantain/probe";
import { analyzeRun, type ControlResults, type RunResults } from "./statistics/analyze-run.ts";
import { formatPlantScore, plantMarkdown } from "./summary/format-plant.ts";
import type { PlantScore } from "./statistics/score-plant.ts";
import { formatCommands, writeResult } from "measure-plantain";
import { previewImage } from "./page/preview-image.ts";
import { renderReport } from "./page/report-html.ts";
import { hasFigures, writeFigures } from "./page/write-figures.ts";
import type { AnalyzeFolderOptions, FolderResults } from "./statistics/analyze-folder.ts";
import { FEWEST_FLIPS, flipsOfSummary, MOST_FLIPS } from "./statistics/flips.ts";
import { formatPairCsv } from "./tables/pair-table.ts";
import { summarize, type Summary } from "./summary/summary.ts";
import { formatSummaryMarkdown, type Reproduction } from "./summary/summary-markdown.ts";
import { formatSummaryTable } from "./summary/summary-table.ts";
import { formatUnitParquet } from "./tables/unit-parquet.ts";
import { formatUnitCsv } from "./tables/unit-table.ts";

/** How results are computed and shown. */
export interface ResultOptions extends Pick<AnalyzeFolderOptions, "acceptChangedCaptures" | "onProgress"> {
  readonly flips: number | "exact";
  readonly json: boolean;
  /** Every figure as a file, too. */
  readonly figures?: boolean;
}

/**
 * From captures to tables, summary and report, of the run and of each of its controls, with `comparison.json` where there
 * are some; then a table on stdout.
 */
export async function writeResults(
  folder: RunFolder,
  options: ResultOptions,
  signal: AbortSignal,
): Promise<void> {
  const results = await analyzeRun(folder, { ...options, signal });
  const { controls, comparisons } = results;
  for (const control of controls) {
    await control.folder.whileLocked(async () => {
      await writeTables(control.folder, control.results);
      await writeReport(control.folder, control.results);
    });
  }
  const summary = await writeTables(folder, results);
  if (controls.length > 0) await folder.writeJson("comparison.json", comparisons);
  await writePage(folder, results, options);
  writeResult(options.json ? `${JSON.stringify(summary, null, 2)}\n` : `${formatSummaryTable(summary)}\n`);
  for (const { name, plant } of options.json ? [] : controls) {
    if (plant !== null) writeResult(`${name}: ${formatPlantScore(plant)}\n`);
  }
}

/** Writes the summary and the report of a run folder anew, with the sign flips that they had. */
export async function rewriteResults(
  folder: RunFolder,
  options: Pick<AnalyzeFolderOptions, "signal" | "onProgress">,
): Promise<void> {
  const results = await analyzeRun(folder, { ...options, flips: await readFlips(folder) });
  await writeTables(folder, results);
  await writeReport(folder, results);
}

/** The sign flips that the results of a run folder were computed with. */
export async function readFlips(folder: RunFolder): Promise<number | "exact"> {
  const text = await readFile(folder.file("summary.json"), "utf8").catch((cause: unknown) => {
    throw new UsageError(
      `${folder.path} has no summary.json. Write its results first: measure-plantain stats ${folder.path}`,
      { cause },
    );
  });
  const flips = flipsOfSummary(JSON.parse(text) as Partial<Summary>); // checked there
  if (flips !== null) return flips;
  throw new UsageError(
    `${folder.file("summary.json")} names no number of sign flips from ${FEWEST_FLIPS} to ${MOST_FLIPS}. Write it again: measure-plantain stats ${folder.path}`,
  );
}

/** Writes the report of a run folder anew, and its figures where they are asked for or there already. */
export async function writePage(
  folder: RunFolder,
  results: RunResults,
  { figures = false }: Pick<ResultOptions, "figures"> = {},
): Promise<void> {
  await writeReport(folder, results);
  if (figures || hasFigures(folder)) await writeFigures(folder, results);
}

async function writeTables(
  folder: RunFolder,
  results: FolderResults & Partial<RunResults>,
): Promise<Summary> {
  const { analysis, context } = results;
  const summary = summarize(analysis, context);
  for (const [name, table] of tables) {
    const granularity = analysis.granularities.find((candidate) => candidate.name === name);
    if (granularity === undefined) continue;
    await folder.write(`${table}.csv`, formatUnitCsv(granularity));
    await folder.write(`${table}.parquet`, formatUnitParquet(granularity));
  }
  await folder.write("pairs.csv", formatPairCsv({ ...context, confounds: summary.confounds }));
  await folder.writeJson("summary.json", summary);
  await folder.write("summary.md", describeResults(summary, results));
  return summary;
}

/** The text of `summary.md`. */
export function describeResults(summary: Summary, results: FolderResults & Partial<RunResults>): string {
  const { ablation, controls = [] } = results;
  return [
    formatSummaryMarkdown(summary, describeReproduction(results)),
    ...plantMarkdown(listPlants(controls)),
    ...ablationMarkdown(ablation),
  ].join("\n");
}

function listPlants(controls: readonly ControlResults[]): { name: string; score: PlantScore }[] {
  return controls.flatMap(({ name, plant }) => (plant === null ? [] : [{ name, score: plant }]));
}

/** The tables of units by the granularity that they hold. */
export const tables = [
  ["group", "units"],
  ["head", "heads"],
  ["to_add_out", "text-stream"],
] as const;

/** What a reader needs to run the same again. */
function describeReproduction(results: FolderResults & Partial<RunResults>): Reproduction {
  const { capturesSha256, packages, node } = results.manifest;
  return { command: describeCommands(results), capturesSha256, packages, node };
}

/** The commands that make the folder again. */
function describeCommands({
  manifest,
  analysis,
  ablation,
  controls = [],
}: FolderResults & Partial<RunResults>): string {
  return formatCommands({
    manifest,
    controls: controls.map(({ name, results }) => ({ name, manifest: results.manifest })),
    flips: analysis.flips,
    ablation,
  });
}

/** The manifest without what differs each time that the same is run: timings, memory, and why a device was chosen. */
function withoutTimings({ execution: { device, provider }, ...manifest }: Manifest): object {
  return { ...manifest, execution: { device, provider }, stages: undefined };
}

async function writeReport(folder: RunFolder, results: FolderResults & Partial<RunResults>): Promise<void> {
  const { manifest, analysis, context, ablation, controls = [] } = results;
  const { settings } = manifest;
  const [image] = settings.references;
  const reference = image !== undefined && existsSync(folder.file("reference.png"));
  const prompt = image?.kind === "generated" ? { prompt: image.prompt } : {};
  const html = renderReport({
    analysis,
    context,
    manifest: withoutTimings(manifest),
    command: describeCommands(results),
    controls: controls
      .filter(({ plant }) => plant === null)
      .map(({ name, results: control }) => ({
        name,
        summary: summarize(control.analysis, control.context),
      })),
    plants: listPlants(controls),
    ablation,
    ...(reference && {
      reference: { ...(await previewImage(await readFile(folder.file("reference.png")))), ...prompt },
    }),
  });
  await folder.write("report.html", html);
}

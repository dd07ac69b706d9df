import {
  ABLATION_FILE,
  CONTROLS_FOLDER,
  findCaptureProblem,
  hashPromptSet,
  isPart,
  openRun,
  ProbeError,
  referenceName,
  STEERING_FILE,
  type Manifest,
  type RunFolder,
  unitsFile,
  verifyAblation,
  verifySteering,
} from "@measure-plantain/probe";
import { readFile } from "node:fs/promises";
import { renderFigureFiles } from "./page/draw-when-asked.ts";
import { FIGURES_FOLDER, hasFigures } from "./page/figures/figures-folder.ts";
import { verifyPlan, verifyPlannedResults } from "./plan/verify-plan.ts";
import type { AnalyzeOptions } from "./statistics/analyze-folder.ts";
import { analyzeAlone, analyzeRun } from "./statistics/analyze-run.ts";
import { reportStatistics } from "./statistics/divide-progress.ts";
import { flipsOfSummary } from "./statistics/flips.ts";
import type { RunResults } from "./statistics/run-results.ts";
import { describeResults, type FormatCommands } from "./text/describe-results.ts";
import type { Summary } from "./summary/summary.ts";
import { formatPairCsv } from "./tables/pair-table.ts";
import type { VerifiedItem } from "./verified-item.ts";
import { holdsUnits } from "./tables/unit-parquet.ts";
import { unitTables } from "./tables/unit-tables.ts";
import { formatUnitCsv } from "./tables/unit-table.ts";

const WHOLE = "the captures are whole";

/** How a run is verified. */
export interface VerifyOptions extends Pick<AnalyzeOptions, "signal" | "onProgress"> {
  /** The commands that the results were written with. */
  readonly commands?: FormatCommands | undefined;
}

/**
 * Checks a run folder and those of its controls: every hash, and every table and summary against statistics that are
 * recomputed from the captures.
 *
 * @returns What was checked, and what is wrong with it.
 * @throws {ProbeError} `incomplete-run`.
 * @example
 * const items = await verifyRun(await openRun("runs/otherview"));
 * items.every(({ problem }) => problem === null); // true
 */
export async function verifyRun(run: RunFolder, options: VerifyOptions = {}): Promise<VerifiedItem[]> {
  if ((await run.readManifest()).state !== "complete") {
    throw new ProbeError(
      "incomplete-run",
      `The run in ${run.path} is not complete. Start it again as it was started; it goes on where it stopped.`,
    );
  }
  const items = await verifyFolder(run, analyzeRun, options);
  for (const name of await run.listRuns(CONTROLS_FOLDER)) {
    const control = await openRun(run.file(CONTROLS_FOLDER, name));
    if ((await control.readManifest()).state !== "complete") continue;
    const own = await verifyFolder(control, analyzeControl, options);
    items.push(...own.map(({ what, problem }) => ({ what: `${CONTROLS_FOLDER}/${name}: ${what}`, problem })));
  }
  return items;
}

async function analyzeControl(
  control: RunFolder,
  { onProgress, ...options }: AnalyzeOptions,
): Promise<RunResults> {
  return analyzeAlone(control, { ...options, onProgress: reportStatistics(onProgress) });
}

/** Analyses a folder as whoever wrote its results did. */
type Analyze = (run: RunFolder, options: AnalyzeOptions) => Promise<RunResults>;

async function verifyFolder(
  folder: RunFolder,
  analyze: Analyze,
  options: VerifyOptions,
): Promise<VerifiedItem[]> {
  const manifest = await folder.readManifest();
  const files = await verifyFiles(folder, manifest);
  if (isPart(manifest.settings.shard)) return files; // a part has no statistics
  const isWhole = files.some(({ what, problem }) => what === WHOLE && problem === null);
  return [
    ...files,
    ...(isWhole
      ? await verifyResults(folder, analyze, options)
      : [{ what: "the results", problem: "not computed, since the captures are not whole" }]),
  ];
}

async function verifyFiles(folder: RunFolder, manifest: Manifest): Promise<VerifiedItem[]> {
  const { capturesSha256, promptSet, settings } = manifest;
  const captures = await folder.sha256("captures.safetensors").catch(() => null);
  const units = await readFile(folder.file("units.json"), "utf8").catch(() => "");
  const prompts = "the prompts are those that the settings name";
  const items: VerifiedItem[] = [
    item("captures.safetensors is what the run wrote", capturesSha256, captures ?? "nothing"),
    await hashPromptSet(promptSet).then(
      (sha256) => item(prompts, settings.promptSet.sha256, sha256),
      (error: unknown) => ({ what: prompts, problem: messageOf(error) }), // an image that is gone
    ),
    { what: WHOLE, problem: await findCaptureProblem(folder, manifest).catch(messageOf) },
    item("units.json", unitsFile(manifest), units),
  ];
  for (const [index] of manifest.settings.references.entries()) {
    const name = referenceName(index);
    const record = (await readJson(folder, `${name}.json`)) as { fileSha256?: string } | null; // written by run
    const fileSha256 = record?.fileSha256 ?? null;
    const found = await folder.sha256(`${name}.png`).catch(() => "none");
    items.push(item(`${name}.png is the image of the run`, fileSha256, found));
  }
  return [...items, ...(await verifyPlan(folder, manifest))];
}

async function verifyResults(
  folder: RunFolder,
  analyze: Analyze,
  { signal, onProgress, commands }: VerifyOptions,
): Promise<VerifiedItem[]> {
  const stored = await readSummary(folder);
  if (stored === null) return [{ what: "summary.json", problem: "it is missing, or no summary" }];
  const flips = flipsOfSummary(stored);
  if (flips === null) return [{ what: "summary.json", problem: "its number of sign flips is out of bounds" }];
  // Changed captures are an item of their own; the results are compared with those of the captures that are there.
  const results = await analyze(folder, { flips, acceptChangedCaptures: true, signal, onProgress });
  const { analysis, context, summary, controls, ablation, steering } = results;
  const read = (...name: string[]): Promise<string> => readFile(folder.file(...name), "utf8").catch(() => "");
  const items = [
    item("summary.json", JSON.stringify(summary), JSON.stringify(stored)),
    item("summary.md", describeResults(results, commands), await read("summary.md")),
    item(
      "pairs.csv",
      formatPairCsv({ ...context, ...analysis, confounds: summary.confounds }),
      await read("pairs.csv"),
    ),
  ];
  for (const { table, granularity } of unitTables(analysis)) {
    items.push(item(`${table}.csv`, formatUnitCsv(granularity), await read(`${table}.csv`)));
    const parquet = await readFile(folder.file(`${table}.parquet`)).catch(() => new Uint8Array());
    const holds = await holdsUnits(parquet, granularity);
    items.push({ what: `${table}.parquet`, problem: holds ? null : DIFFERS });
  }
  if (controls.length > 0) {
    const comparisons = controls.map(({ comparison }) => comparison);
    const expected = `${JSON.stringify(comparisons, null, 2)}\n`;
    items.push(item("comparison.json", expected, await read("comparison.json")));
  }
  items.push(...(await verifyPlannedResults(folder, results.manifest, results)));
  if (ablation !== null) {
    items.push({ what: ABLATION_FILE, problem: await verifyAblation(folder, ablation) });
  }
  if (steering !== null) {
    items.push({ what: STEERING_FILE, problem: await verifySteering(folder, steering).catch(messageOf) });
  }
  if (hasFigures(folder)) {
    for (const { name, svg } of await renderFigureFiles(analysis, summary))
      items.push(item(`${FIGURES_FOLDER}/${name}.svg`, svg, await read(FIGURES_FOLDER, `${name}.svg`)));
  }
  return items;
}

async function readSummary(folder: RunFolder): Promise<Summary | null> {
  const summary = (await readJson(folder, "summary.json")) as Summary | null; // compared with what is recomputed
  return summary?.signFlips === undefined ? null : summary;
}

/** What a file of the folder says; null where it is missing or no JSON. */
async function readJson(folder: RunFolder, name: string): Promise<unknown> {
  try {
    return JSON.parse(await readFile(folder.file(name), "utf8"));
  } catch {
    return null;
  }
}

const DIFFERS = "it differs";

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

function item(what: string, expected: string | null, received: string): VerifiedItem {
  return { what, problem: expected === received ? null : DIFFERS };
}

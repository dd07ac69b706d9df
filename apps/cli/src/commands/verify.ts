import { readTensors } from "@measure-plantain/flux-runtime";
import { unitRecords } from "@measure-plantain/head-hooks";
import { readFile } from "node:fs/promises";
import {
  ABLATION_FILE,
  verifyAblation,
  UsageError,
  hashPromptSet,
  referenceName,
  listReplicates,
  isPart,
  shardPairs,
  type Manifest,
  MEAN_SQUARE,
  meanOverReplicates,
  REPLICATES,
  CONTROLS_FOLDER,
  RunFolder,
} from "@measure-plantain/probe";
import {
  renderFigureFiles,
  FIGURES_FOLDER,
  hasFigures,
  flipsOfSummary,
  formatPairCsv,
  summarize,
  type Summary,
  holdsUnits,
  formatUnitCsv,
  describeResults,
  tables,
  analyzeRun,
  type RunResults,
  analyzeFolder,
  type AnalyzeFolderOptions,
  type FolderResults,
} from "@measure-plantain/report";
import { STATISTICS, withLateBar } from "../terminal/late-bar.ts";
import { createProgress } from "../terminal/progress.ts";
import { writeResult } from "../terminal/write-text.ts";

/** One thing that was checked. */
export interface VerifiedItem {
  readonly what: string;
  /** What is wrong; null where all is well. */
  readonly problem: string | null;
}

const WHOLE = "the captures are whole";

/**
 * Checks a run folder: every hash, and every table and summary against statistics that are computed anew from the captures.
 *
 * @throws UsageError where the folder holds no complete run, or something in it does not verify (after all was checked).
 */
export async function verify(
  directory: string,
  { json, quiet }: { readonly json: boolean; readonly quiet: boolean },
  signal: AbortSignal,
): Promise<void> {
  const folder = await RunFolder.openForReading(directory);
  if ((await folder.readManifest()).state !== "complete") {
    throw new UsageError(
      `${folder.path} holds a run that is not complete. Start it again with the same command; it goes on where it stopped.`,
    );
  }
  const progress = createProgress({ quiet });
  const showing =
    <Results>(analyze: (folder: RunFolder, options: AnalyzeFolderOptions) => Promise<Results>) =>
    (run: RunFolder, options: AnalyzeFolderOptions): Promise<Results> =>
      withLateBar(progress, STATISTICS, (onProgress) => analyze(run, { ...options, onProgress }));
  const items = await verifyFolder(folder, showing(analyzeRun), signal);
  for (const name of await folder.listRuns(CONTROLS_FOLDER)) {
    const control = await RunFolder.openForReading(folder.file(CONTROLS_FOLDER, name));
    if ((await control.readManifest()).state !== "complete") continue;
    const own = await verifyFolder(control, showing(analyzeFolder), signal);
    items.push(...own.map(({ what, problem }) => ({ what: `${CONTROLS_FOLDER}/${name}: ${what}`, problem })));
  }
  if (json) writeResult(`${JSON.stringify(items, null, 2)}\n`);
  else
    for (const { what, problem } of items)
      writeResult(`${problem === null ? "✓" : "✗"} ${what}${problem === null ? "" : `: ${problem}`}\n`);
  const wrong = items.filter(({ problem }) => problem !== null);
  if (wrong.length > 0) {
    throw new UsageError(
      `${wrong.length} of ${items.length} checks of ${folder.path} failed (${wrong.map(({ what }) => what).join(", ")}). If the captures verify, \`measure-plantain stats ${directory}\` writes the rest anew.`,
    );
  }
}

/** Analyses a folder as the command did that wrote its results. */
type Analyze = (
  folder: RunFolder,
  options: AnalyzeFolderOptions,
) => Promise<FolderResults & Partial<RunResults>>;

async function verifyFolder(
  folder: RunFolder,
  analyze: Analyze,
  signal: AbortSignal,
): Promise<VerifiedItem[]> {
  const manifest = await folder.readManifest();
  const files = await verifyFiles(folder, manifest);
  if (isPart(manifest.settings.shard)) return files; // a part has no statistics
  const isWhole = files.some(({ what, problem }) => what === WHOLE && problem === null);
  return [
    ...files,
    ...(isWhole
      ? await verifyResults(folder, analyze, signal)
      : [{ what: "the results", problem: "not computed, since the captures are not whole" }]),
  ];
}

async function verifyFiles(folder: RunFolder, manifest: Manifest): Promise<VerifiedItem[]> {
  const { capturesSha256, layout, promptSet, settings } = manifest;
  const captures = await folder.sha256("captures.safetensors").catch(() => null);
  const units = await readFile(folder.file("units.json"), "utf8").catch(() => "");
  const records = layout === null ? [] : unitRecords(layout);
  const prompts = "the prompts are those that the settings name";
  const items: VerifiedItem[] = [
    item("captures.safetensors is what the run wrote", capturesSha256, captures ?? "nothing"),
    await hashPromptSet(promptSet).then(
      (sha256) => item(prompts, settings.promptSet.sha256, sha256),
      (error: unknown) => ({ what: prompts, problem: messageOf(error) }), // an image that is gone
    ),
    { what: WHOLE, problem: await findCaptureProblem(folder, manifest).catch(messageOf) },
    item("units.json", `${JSON.stringify(records, null, 2)}\n`, units),
  ];
  for (const [index] of manifest.settings.references.entries()) {
    const name = referenceName(index);
    const record = (await readJson(folder, `${name}.json`)) as { fileSha256?: string } | null; // written by run
    const fileSha256 = record?.fileSha256 ?? null;
    const found = await folder.sha256(`${name}.png`).catch(() => "none");
    items.push(item(`${name}.png is the image of the run`, fileSha256, found));
  }
  return items;
}

async function findCaptureProblem(
  folder: RunFolder,
  { layout, promptSet, settings }: Manifest,
): Promise<string | null> {
  const tensors = await readTensors(folder.file("captures.safetensors"));
  const pairs = shardPairs(promptSet.pairs.length, settings.shard).length;
  const replicates = listReplicates(settings).length;
  for (const [name, { data, shape }] of tensors) {
    const stack = name === REPLICATES ? [replicates] : [];
    const expected = [...stack, pairs, 2, layout?.unitCount].join(" × ");
    if (shape.join(" × ") !== expected) return `${name} is ${shape.join(" × ")}, expected ${expected}`;
    const place = data.findIndex((value) => !(value >= 0 && value < Infinity));
    if (place !== -1)
      return `${name} holds ${data[place] ?? "nothing"} at place ${place}, which is no mean square`;
  }
  const [stack, mean] = [tensors.get(REPLICATES), tensors.get(MEAN_SQUARE)];
  if (replicates === 1) return null;
  if (stack === undefined || mean === undefined) return `the ${replicates} repetitions are missing`;
  const recomputed = meanOverReplicates(stack).data;
  return recomputed.every((value, index) => value === mean.data[index])
    ? null
    : "mean_square is not the mean of the repetitions";
}

async function verifyResults(
  folder: RunFolder,
  analyze: Analyze,
  signal: AbortSignal,
): Promise<VerifiedItem[]> {
  const stored = await readSummary(folder);
  if (stored === null) return [{ what: "summary.json", problem: "it is missing, or no summary" }];
  const flips = flipsOfSummary(stored);
  if (flips === null) return [{ what: "summary.json", problem: "its number of sign flips is out of bounds" }];
  // Changed captures are an item of their own; the results are compared with those of the captures that are there.
  const results = await analyze(folder, { flips, acceptChangedCaptures: true, signal });
  const { analysis, context, ablation, comparisons = [] } = results;
  const summary = summarize(analysis, context);
  const read = (...name: string[]): Promise<string> => readFile(folder.file(...name), "utf8").catch(() => "");
  const items = [
    item("summary.json", JSON.stringify(summary), JSON.stringify(stored)),
    item("summary.md", describeResults(summary, results), await read("summary.md")),
    item("pairs.csv", formatPairCsv({ ...context, confounds: summary.confounds }), await read("pairs.csv")),
  ];
  for (const [name, table] of tables) {
    const granularity = analysis.granularities.find((candidate) => candidate.name === name);
    if (granularity === undefined) continue;
    items.push(item(`${table}.csv`, formatUnitCsv(granularity), await read(`${table}.csv`)));
    const parquet = await readFile(folder.file(`${table}.parquet`)).catch(() => new Uint8Array());
    const holds = await holdsUnits(parquet, granularity);
    items.push({ what: `${table}.parquet`, problem: holds ? null : DIFFERS });
  }
  if (comparisons.length > 0) {
    const expected = `${JSON.stringify(comparisons, null, 2)}\n`;
    items.push(item("comparison.json", expected, await read("comparison.json")));
  }
  if (ablation !== null) {
    items.push({ what: ABLATION_FILE, problem: await verifyAblation(folder, ablation) });
  }
  if (hasFigures(folder)) {
    for (const { name, svg } of renderFigureFiles(analysis, context))
      items.push(item(`${FIGURES_FOLDER}/${name}.svg`, svg, await read(FIGURES_FOLDER, `${name}.svg`)));
  }
  return items;
}

async function readSummary(folder: RunFolder): Promise<Summary | null> {
  const summary = (await readJson(folder, "summary.json")) as Summary | null; // compared with what is computed anew
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

import { readTensors } from "@measure-plantain/flux-runtime";
import type { Ablation } from "../causal/ablation.ts";
import { ablationMarkdown, readAblation } from "../causal/ablation-file.ts";
import { existsSync } from "node:fs";
import { readdir, readFile } from "node:fs/promises";
import {
  compareAnalyses,
  type ComparableRun,
  type GranularityComparison,
} from "../controls/compare-analyses.ts";
import { formatComparisons } from "../controls/format-comparisons.ts";
import { formatPlantScore, plantMarkdown } from "../controls/plant/format-plant.ts";
import { readPlant } from "../controls/plant/planted-checkpoint.ts";
import { scorePlant, type PlantScore } from "../controls/plant/score-plant.ts";
import { CONTROLS_FOLDER } from "../controls/run-controls.ts";
import { UsageError } from "../errors.ts";
import { formatCommandLine } from "../probe/command-line.ts";
import { listReplicates } from "../probe/replicates.ts";
import { formatShard, isPart } from "../probe/shard.ts";
import { segmentNames } from "../probe/token-segments.ts";
import { previewImage } from "../report/preview-image.ts";
import { renderReport } from "../report/report-html.ts";
import { hasFigures, writeFigures } from "../report/write-figures.ts";
import { analyzeCaptures, type Analysis } from "../results/analyze-captures.ts";
import type { ControlKind } from "../results/control-summary.ts";
import { readGrades } from "../results/grade-results.ts";
import type { MeanSquares } from "../results/granularities.ts";
import { formatPairCsv } from "../results/pair-table.ts";
import { summarize, type Summary, type SummaryContext } from "../results/summary.ts";
import { formatSummaryMarkdown, type Reproduction } from "../results/summary-markdown.ts";
import { formatSummaryTable } from "../results/summary-table.ts";
import { formatUnitParquet } from "../results/unit-parquet.ts";
import { formatUnitCsv } from "../results/unit-table.ts";
import type { Manifest } from "../run-folder/manifest.ts";
import { REPLICATES } from "../run-folder/pass-files.ts";
import { RunFolder } from "../run-folder/run-folder.ts";

/** How results are computed and shown. */
export interface ResultOptions {
  readonly flips: number | "exact";
  readonly json: boolean;
  /** Every figure as a file, too. */
  readonly figures?: boolean;
}

/** Computes the statistics of a run folder anew from its captures, writes its tables and prints the summary. */
export async function stats(directory: string, options: ResultOptions, signal: AbortSignal): Promise<void> {
  await writeResults(await RunFolder.openForReading(directory), options, signal);
}

/** Writes the report of a run folder anew. */
export async function report(
  directory: string,
  options: Pick<ResultOptions, "flips" | "figures">,
  signal: AbortSignal,
): Promise<void> {
  const folder = await RunFolder.openForReading(directory);
  const results = await analyzeRun(folder, options.flips, signal);
  await writeReport(folder, results);
  if (options.figures === true || hasFigures(folder)) await writeFigures(folder, results);
  process.stdout.write(`${folder.file("report.html")}\n`);
}

/** Writes the summary and the report of a run folder anew, with the sign flips that they had. */
export async function rewriteResults(folder: RunFolder, signal: AbortSignal): Promise<void> {
  const text = await readFile(folder.file("summary.json"), "utf8").catch((cause: unknown) => {
    throw new UsageError(
      `${folder.path} has no summary.json. Write its results first: measure-plantain stats ${folder.path}`,
      { cause },
    );
  });
  const { exact, labellings } = (JSON.parse(text) as Summary).signFlips; // written by this program
  const results = await analyzeRun(folder, exact ? "exact" : labellings, signal);
  await writeTables(folder, results);
  await writeReport(folder, results);
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
  const results = await analyzeRun(folder, options.flips, signal);
  const { controls, comparisons } = results;
  for (const control of controls) {
    await writeTables(control.folder, control.results);
    await writeReport(control.folder, control.results);
  }
  const summary = await writeTables(folder, results);
  if (controls.length > 0) await folder.writeJson("comparison.json", comparisons);
  await writeReport(folder, results);
  if (options.figures === true || hasFigures(folder)) await writeFigures(folder, results);
  process.stdout.write(
    options.json ? `${JSON.stringify(summary, null, 2)}\n` : `${formatSummaryTable(summary)}\n`,
  );
  for (const { name, plant } of options.json ? [] : controls) {
    if (plant !== null) process.stdout.write(`${name}: ${formatPlantScore(plant)}\n`);
  }
}

/** A run with the controls that it has. */
export interface RunResults extends FolderResults {
  readonly controls: readonly ControlResults[];
  /** The run held against each of them. */
  readonly comparisons: readonly RunComparison[];
}

/** Computes the statistics of a run folder and of its controls, and holds them against each other. */
export async function analyzeRun(
  folder: RunFolder,
  flips: number | "exact",
  signal: AbortSignal,
): Promise<RunResults> {
  const run = await analyzeFolder(folder, flips, signal);
  const controls = await readControls(folder, run, flips, signal);
  const comparisons = await compareRuns(run, controls, signal);
  const evidence = controls.map(({ name, results: { manifest, analysis, context } }, place) => ({
    name,
    kind: tellKind(run.manifest, manifest),
    promptSet: context.promptSet,
    analysis,
    comparisons: comparisons[place]?.granularities ?? [],
  }));
  return { ...run, context: { ...run.context, controls: evidence }, controls, comparisons };
}

/** How a checkpoint of re-drawn weights is named. */
const RANDOM_WEIGHTS = / \(random weights, seed \d+\)$/;

function tellKind(run: Manifest, control: Manifest): ControlKind {
  const { id } = control.settings.checkpoint;
  if (id !== run.settings.checkpoint.id) return RANDOM_WEIGHTS.test(id) ? "weights" : "changed-weights";
  return control.settings.promptSet.sha256 === run.settings.promptSet.sha256 ? "settings" : "prompts";
}

/** A complete control of a run. */
export interface ControlResults {
  readonly name: string;
  readonly folder: RunFolder;
  readonly results: FolderResults;
  /** What was found of an effect that was planted there; `null` where none was. */
  readonly plant: PlantScore | null;
}

/** The controls of a run that are complete, by name. */
async function readControls(
  folder: RunFolder,
  run: FolderResults,
  flips: number | "exact",
  signal: AbortSignal,
): Promise<ControlResults[]> {
  const names = await readdir(folder.file(CONTROLS_FOLDER)).catch(() => []);
  const controls: ControlResults[] = [];
  for (const name of names.sort()) {
    const control = await RunFolder.openForReading(folder.file(CONTROLS_FOLDER, name));
    if ((await control.readManifest()).state !== "complete") continue;
    const results = await analyzeFolder(control, flips, signal);
    const plan = await readPlant(control);
    const plant = plan && scorePlant(plan, results.analysis, run.analysis);
    controls.push({ name, folder: control, results, plant });
  }
  return controls;
}

/** A run beside others, as `comparison.json` and `compare --json` hold it. */
export interface RunComparison {
  readonly name: string;
  readonly granularities: readonly GranularityComparison[];
  /** Where an effect was planted in the other run: what was found of it. */
  readonly plant?: PlantScore;
}

async function compareRuns(
  run: FolderResults,
  others: readonly Pick<ControlResults, "name" | "results" | "plant">[],
  signal: AbortSignal,
): Promise<RunComparison[]> {
  const comparisons: RunComparison[] = [];
  for (const { name, results, plant } of others) {
    const granularities = await compareAnalyses(comparable(run), comparable(results), { signal });
    comparisons.push({ name, granularities, ...(plant && { plant }) });
  }
  return comparisons;
}

function comparable({ analysis, context }: FolderResults): ComparableRun {
  return { analysis, pairIds: context.promptSet.pairs.map(({ id }) => id) };
}

/** Holds the first run folder against each of the others. */
export async function compare(
  [first, ...rest]: readonly string[],
  { json }: { readonly json: boolean },
  signal: AbortSignal,
): Promise<void> {
  if (first === undefined || rest.length === 0) {
    throw new UsageError("compare needs two run folders or more: the run, then what to hold it against.");
  }
  const read = async (directory: string): Promise<FolderResults> =>
    analyzeFolder(await RunFolder.openForReading(directory), 200, signal);
  const run = await read(first);
  const others = [];
  for (const directory of rest) others.push({ name: directory, results: await read(directory), plant: null });
  const comparisons = await compareRuns(run, others, signal).catch((error: unknown) => {
    throw error instanceof RangeError ? new UsageError(error.message, { cause: error }) : error;
  });
  process.stdout.write(json ? `${JSON.stringify(comparisons, null, 2)}\n` : formatComparisons(comparisons));
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
export function describeResults(
  summary: Summary,
  { manifest, ablation, controls = [] }: FolderResults & Partial<RunResults>,
): string {
  return [
    formatSummaryMarkdown(summary, describeReproduction(manifest)),
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
] as const;

export interface FolderResults {
  readonly manifest: Manifest;
  /** What the ablation of the run's units did; `null` where it was not tried. */
  readonly ablation: Ablation | null;
  readonly analysis: Analysis;
  readonly context: SummaryContext;
}

export async function analyzeFolder(
  folder: RunFolder,
  flips: number | "exact",
  signal: AbortSignal,
): Promise<FolderResults> {
  const manifest = await folder.readManifest();
  const { state, layout, settings, promptSet, audit, wordCounts, execution } = manifest;
  if (state !== "complete" || layout === null) {
    throw new UsageError(
      `The run in ${folder.path} is not complete. Start it again with the same command; it goes on where it stopped.`,
    );
  }
  if (isPart(settings.shard)) {
    throw new UsageError(
      `${folder.path} holds shard ${formatShard(settings.shard)}, a part of a run, which has no statistics. Join all of them first: measure-plantain merge OUT SHARD_DIR…`,
    );
  }
  const tensors = await readTensors(folder.file("captures.safetensors"));
  const meanSquare = meanSquares(tensors.get("mean_square"));
  if (meanSquare === null) {
    throw new UsageError(
      `${folder.file("captures.safetensors")} holds no mean_square [pairs, 2, units]. Restore the file, or run again into another folder.`,
    );
  }
  const segments = Object.fromEntries(
    segmentNames.flatMap((name) => {
      const captured = meanSquares(tensors.get(`mean_square.${name}`));
      return captured === null ? [] : [[name, captured]];
    }),
  );
  const stack = tensors.get(REPLICATES);
  const [count = 0] = stack?.shape ?? [];
  const replicates = stack && { data: stack.data, shape: [count, ...meanSquare.shape] as const };
  return {
    manifest,
    ablation: await readAblation(folder),
    analysis: await analyzeCaptures(
      { layout, meanSquare, segments, ...(replicates && { replicates }) },
      { flips, grades: readGrades(promptSet), signal },
    ),
    context: {
      checkpoint: { id: settings.checkpoint.id, isSynthesized: manifest.isSynthesizedCheckpoint },
      promptSet,
      audit,
      ...(wordCounts && { wordCounts }),
      device: execution.device,
      replicates: listReplicates(settings),
    },
  };
}

function meanSquares(
  tensor: { readonly data: Float32Array; readonly shape: readonly number[] } | undefined,
): MeanSquares | null {
  const [pairs, conditions, units] = tensor?.shape ?? [];
  if (tensor === undefined || pairs === undefined || units === undefined || conditions !== 2) return null;
  return { data: tensor.data, shape: [pairs, 2, units] };
}

/** What a reader needs to run the same again. */
function describeReproduction(manifest: Manifest): Reproduction {
  const { settings, wordCounts, capturesSha256, packages, node } = manifest;
  return { command: formatCommandLine(settings, wordCounts), capturesSha256, packages, node };
}

async function writeReport(
  folder: RunFolder,
  { manifest, analysis, context, ablation, controls = [] }: FolderResults & Partial<RunResults>,
): Promise<void> {
  const { settings } = manifest;
  const [image] = settings.references;
  const reference = image !== undefined && existsSync(folder.file("reference.png"));
  const prompt = image?.kind === "generated" ? { prompt: image.prompt } : {};
  const html = renderReport({
    analysis,
    context,
    manifest,
    command: formatCommandLine(settings, manifest.wordCounts),
    controls: controls
      .filter(({ plant }) => plant === null)
      .map(({ name, results }) => ({ name, summary: summarize(results.analysis, results.context) })),
    plants: listPlants(controls),
    ablation,
    ...(reference && {
      reference: { ...(await previewImage(await readFile(folder.file("reference.png")))), ...prompt },
    }),
  });
  await folder.write("report.html", html);
}

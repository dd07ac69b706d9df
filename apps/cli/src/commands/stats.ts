import { readTensors } from "@measure-plantain/flux-runtime";
import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { UsageError } from "../errors.ts";
import { formatCommandLine } from "../probe/command-line.ts";
import { renderReport } from "../report/report-html.ts";
import { analyzeCaptures, type Analysis } from "../results/analyze-captures.ts";
import { summarize, type SummaryContext } from "../results/summary.ts";
import { formatSummaryMarkdown } from "../results/summary-markdown.ts";
import { formatSummaryTable } from "../results/summary-table.ts";
import { formatUnitCsv } from "../results/unit-table.ts";
import type { Manifest } from "../run-folder/manifest.ts";
import { RunFolder } from "../run-folder/run-folder.ts";

/** How results are computed and shown. */
export interface ResultOptions {
  readonly flips: number | "exact";
  readonly json: boolean;
}

/** Computes the statistics of a run folder anew from its captures, writes its tables and prints the summary. */
export async function stats(directory: string, options: ResultOptions, signal: AbortSignal): Promise<void> {
  await writeResults(await RunFolder.openForReading(directory), options, signal);
}

/** Writes the report of a run folder anew. */
export async function report(
  directory: string,
  { flips }: { flips: number | "exact" },
  signal: AbortSignal,
): Promise<void> {
  const folder = await RunFolder.openForReading(directory);
  await writeReport(folder, await analyzeFolder(folder, flips, signal));
  process.stdout.write(`${folder.file("report.html")}\n`);
}

/** From captures to `units.csv`, `heads.csv`, `summary.json`, `summary.md` and `report.html`, and a table on stdout. */
export async function writeResults(
  folder: RunFolder,
  options: ResultOptions,
  signal: AbortSignal,
): Promise<void> {
  const results = await analyzeFolder(folder, options.flips, signal);
  const { analysis, context } = results;
  const summary = summarize(analysis, context);
  const [groups, heads] = (["group", "head"] as const).map((name) =>
    analysis.granularities.find((granularity) => granularity.name === name),
  );
  if (groups !== undefined) await folder.write("units.csv", formatUnitCsv(groups));
  if (heads !== undefined) await folder.write("heads.csv", formatUnitCsv(heads));
  await folder.writeJson("summary.json", summary);
  await folder.write("summary.md", formatSummaryMarkdown(summary));
  await writeReport(folder, results);
  process.stdout.write(
    options.json ? `${JSON.stringify(summary, null, 2)}\n` : `${formatSummaryTable(summary)}\n`,
  );
}

interface FolderResults {
  readonly manifest: Manifest;
  readonly analysis: Analysis;
  readonly context: SummaryContext;
}

async function analyzeFolder(
  folder: RunFolder,
  flips: number | "exact",
  signal: AbortSignal,
): Promise<FolderResults> {
  const manifest = await folder.readManifest();
  const { state, layout, settings, promptSet, audit, execution, isSynthesizedCheckpoint } = manifest;
  if (state !== "complete" || layout === null) {
    throw new UsageError(
      `The run in ${folder.path} is not complete. Start it again with the same command; it goes on where it stopped.`,
    );
  }
  const captured = (await readTensors(folder.file("captures.safetensors"))).get("mean_square");
  const [pairs = 0, conditions, units = 0] = captured?.shape ?? [];
  if (captured === undefined || conditions !== 2) {
    throw new UsageError(
      `${folder.file("captures.safetensors")} holds no mean_square [pairs, 2, units]. Restore the file, or run again into another folder.`,
    );
  }
  const meanSquare = { data: captured.data, shape: [pairs, 2, units] as const };
  return {
    manifest,
    analysis: await analyzeCaptures({ layout, meanSquare }, { flips, signal }),
    context: {
      checkpoint: { id: settings.checkpoint.id, isSynthesized: isSynthesizedCheckpoint },
      promptSet,
      audit,
      device: execution.device,
    },
  };
}

async function writeReport(folder: RunFolder, { manifest, analysis, context }: FolderResults): Promise<void> {
  const { settings } = manifest;
  const reference = settings.reference !== null && existsSync(folder.file("reference.png"));
  const prompt = settings.reference?.kind === "generated" ? { prompt: settings.reference.prompt } : {};
  const html = renderReport({
    analysis,
    context,
    manifest,
    command: formatCommandLine(settings),
    ...(reference && { reference: { png: await readFile(folder.file("reference.png")), ...prompt } }),
  });
  await folder.write("report.html", html);
}

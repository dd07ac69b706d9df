import { readTensors } from "@measure-plantain/flux-runtime";
import { UsageError } from "../errors.ts";
import { analyzeCaptures, type Analysis } from "../results/analyze-captures.ts";
import { summarize, type Summary } from "../results/summary.ts";
import { formatSummaryMarkdown } from "../results/summary-markdown.ts";
import { formatSummaryTable } from "../results/summary-table.ts";
import { formatUnitCsv } from "../results/unit-table.ts";
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

/** From captures to `units.csv`, `heads.csv`, `summary.json`, `summary.md` and `report.html`, and a table on stdout. */
export async function writeResults(
  folder: RunFolder,
  options: ResultOptions,
  signal: AbortSignal,
): Promise<void> {
  const { analysis, summary } = await analyzeFolder(folder, options.flips, signal);
  const [groups, heads] = (["group", "head"] as const).map((name) =>
    analysis.granularities.find((granularity) => granularity.name === name),
  );
  if (groups !== undefined) await folder.write("units.csv", formatUnitCsv(groups));
  if (heads !== undefined) await folder.write("heads.csv", formatUnitCsv(heads));
  await folder.writeJson("summary.json", summary);
  await folder.write("summary.md", formatSummaryMarkdown(summary));
  process.stdout.write(
    options.json ? `${JSON.stringify(summary, null, 2)}\n` : `${formatSummaryTable(summary)}\n`,
  );
}

async function analyzeFolder(
  folder: RunFolder,
  flips: number | "exact",
  signal: AbortSignal,
): Promise<{ analysis: Analysis; summary: Summary }> {
  const { state, layout, settings, promptSet, audit, execution, isSynthesizedCheckpoint } =
    await folder.readManifest();
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
  const analysis = await analyzeCaptures({ layout, meanSquare }, { flips, signal });
  const summary = summarize(analysis, {
    checkpoint: { id: settings.checkpoint.id, isSynthesized: isSynthesizedCheckpoint },
    promptSet,
    audit,
    device: execution.device,
  });
  return { analysis, summary };
}

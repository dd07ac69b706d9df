import { analyzeRun } from "../controls/analyze-run.ts";
import { RunFolder } from "../run-folder/run-folder.ts";
import { writePage, type ResultOptions } from "../run-folder/write-results.ts";

/** Writes the report of a run folder anew. */
export async function report(
  directory: string,
  options: Pick<ResultOptions, "flips" | "figures">,
  signal: AbortSignal,
): Promise<void> {
  const folder = await RunFolder.openForReading(directory);
  await writePage(folder, await analyzeRun(folder, options.flips, signal), options);
  process.stdout.write(`${folder.file("report.html")}\n`);
}

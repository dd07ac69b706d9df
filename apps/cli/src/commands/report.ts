import { analyzeRun } from "../controls/analyze-run.ts";
import { RunFolder } from "../run-folder/run-folder.ts";
import { readFlips, writePage, type ResultOptions } from "../run-folder/write-results.ts";

/** What `measure-plantain report` was told; without flips, those of the folder's summary. */
export type ReportOptions = Partial<Pick<ResultOptions, "flips" | "figures" | "acceptChangedCaptures">>;

/** Writes the report of a run folder anew, of the numbers that its summary and tables hold. */
export async function report(directory: string, options: ReportOptions, signal: AbortSignal): Promise<void> {
  const folder = await RunFolder.openForReading(directory);
  const flips = options.flips ?? (await readFlips(folder));
  await folder.whileLocked(async () => {
    await writePage(folder, await analyzeRun(folder, { ...options, flips, signal }), options);
  });
  process.stdout.write(`${folder.file("report.html")}\n`);
}

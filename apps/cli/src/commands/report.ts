import { analyzeRun, readFlips, writePage, type ResultOptions } from "@measure-plantain/report";
import { RunFolder } from "@measure-plantain/probe";
import { STATISTICS, withLateBar } from "../terminal/late-bar.ts";
import { createProgress } from "../terminal/progress.ts";
import { writeResult } from "../terminal/write-text.ts";

/** What `measure-plantain report` was told; without flips, those of the folder's summary. */
export interface ReportOptions extends Partial<
  Pick<ResultOptions, "flips" | "figures" | "acceptChangedCaptures">
> {
  readonly quiet: boolean;
}

/** Writes the report of a run folder anew, of the numbers that its summary and tables hold. */
export async function report(directory: string, options: ReportOptions, signal: AbortSignal): Promise<void> {
  const folder = await RunFolder.openForReading(directory);
  const flips = options.flips ?? (await readFlips(folder));
  await folder.whileLocked(async () => {
    const results = await withLateBar(createProgress(options), STATISTICS, (onProgress) =>
      analyzeRun(folder, { ...options, flips, signal, onProgress }),
    );
    await writePage(folder, results, options);
  });
  writeResult(`${folder.file("report.html")}\n`);
}

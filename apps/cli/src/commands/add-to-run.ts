import { findCheckpoint, openRun, type ProbedCheckpoint, type RunFolder } from "@measure-plantain/probe";
import { analyzeRun, readFlips, writeResults } from "@measure-plantain/report";
import { formatCommands } from "../terminal/command-line.ts";
import { createDisplay, type Display } from "../terminal/display.ts";
import { writeResult } from "../terminal/write-text.ts";
import { listComponents, type GivenComponents } from "./open-given-checkpoint.ts";

/** What every command was told that computes something more of a complete run, on its checkpoint. */
export interface AddToRunOptions extends GivenComponents {
  readonly checkpoint?: string;
  readonly offline: boolean;
  readonly threads?: number;
  readonly json: boolean;
  readonly quiet: boolean;
}

/** What is added to a run, and how it is printed. */
interface Addition<Result> {
  readonly compute: (
    run: RunFolder,
    findCheckpoint: () => Promise<ProbedCheckpoint>,
    watch: Display & { readonly signal: AbortSignal },
  ) => Promise<Result>;
  readonly format: (result: Result) => string;
}

/** Adds something to a complete run, and rewrites its summary and report with it. */
export async function addToRun<Result>(
  directory: string,
  options: AddToRunOptions,
  signal: AbortSignal,
  { compute, format }: Addition<Result>,
): Promise<void> {
  const display = createDisplay(options);
  const watch = { ...display, signal };
  const run = await openRun(directory);
  const find = (): Promise<ProbedCheckpoint> =>
    findCheckpoint(run, { ...options, components: listComponents(options), ...watch });
  const result = await compute(run, find, watch);
  const results = await analyzeRun(run, { flips: await readFlips(run), ...watch });
  await writeResults(run, results, { commands: formatCommands });
  writeResult(options.json ? `${JSON.stringify(result, null, 2)}\n` : `${format(result)}\n`);
  display.note(`Report: ${run.file("report.html")}`);
}

import {
  ablateUnits,
  type AblationGranularity,
  type AblationMethod,
  type AblationRanking,
  findCheckpoint,
  openRun,
} from "@measure-plantain/probe";
import { analyzeRun, formatAblation, readFlips, writeResults } from "@measure-plantain/report";
import { formatCommands } from "../terminal/command-line.ts";
import { createDisplay } from "../terminal/display.ts";
import { writeResult } from "../terminal/write-text.ts";
import { listComponents, type GivenComponents } from "./open-given-checkpoint.ts";

/** What `measure-plantain ablate` was told. */
export interface AblateOptions extends GivenComponents {
  readonly top: readonly number[];
  readonly units: readonly string[];
  readonly granularity: AblationGranularity;
  readonly method: AblationMethod;
  readonly rankBy: AblationRanking;
  readonly random: number;
  readonly seed: number;
  readonly pairs?: number;
  readonly checkpoint?: string;
  readonly offline: boolean;
  readonly threads?: number;
  readonly json: boolean;
  readonly quiet: boolean;
}

/** Ablates units of a complete run, and rewrites its summary and report with what that did. */
export async function ablate(directory: string, options: AblateOptions, signal: AbortSignal): Promise<void> {
  const display = createDisplay(options);
  const run = await openRun(directory);
  const components = listComponents(options);
  const find = (): ReturnType<typeof findCheckpoint> =>
    findCheckpoint(run, { ...options, components, ...display, signal });
  const ablation = await ablateUnits(run, find, { ...options, ...display, signal });
  const results = await analyzeRun(run, { flips: await readFlips(run), signal, ...display });
  await writeResults(run, results, { commands: formatCommands });
  writeResult(options.json ? `${JSON.stringify(ablation, null, 2)}\n` : `${formatAblation(ablation)}\n`);
  display.note(`Report: ${run.file("report.html")}`);
}

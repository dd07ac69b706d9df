import type { ComputeType, DeviceName } from "@measure-plantain/flux-runtime";
import { type AblationGranularity, findCheckpoint, openRun, steerRun } from "@measure-plantain/probe";
import { analyzeRun, formatSteering, readFlips, writeResults } from "@measure-plantain/report";
import { formatCommands } from "../terminal/command-line.ts";
import { createDisplay } from "../terminal/display.ts";
import { writeResult } from "../terminal/write-text.ts";
import { listComponents, type GivenComponents } from "./open-given-checkpoint.ts";

/** What `measure-plantain steer` was told. */
export interface SteerCommandOptions extends GivenComponents {
  readonly units?: readonly string[];
  readonly granularity: AblationGranularity;
  readonly scale?: readonly number[];
  readonly random: number;
  readonly setSeed: number;
  readonly prompt?: readonly string[];
  readonly pairs?: number;
  readonly seed?: readonly number[];
  readonly width?: number;
  readonly height?: number;
  readonly steps: number;
  readonly guidance: number;
  readonly device?: DeviceName;
  readonly dtype?: ComputeType;
  readonly weights?: "mapped" | "resident";
  readonly checkpoint?: string;
  readonly offline: boolean;
  readonly threads?: number;
  readonly json: boolean;
  readonly quiet: boolean;
}

/** Renders images with units of a complete run scaled, and rewrites its summary and report with them. */
export async function steer(
  directory: string,
  options: SteerCommandOptions,
  signal: AbortSignal,
): Promise<void> {
  const display = createDisplay(options);
  const run = await openRun(directory);
  const components = listComponents(options);
  const find = (): ReturnType<typeof findCheckpoint> =>
    findCheckpoint(run, { ...options, components, ...display, signal });
  const steering = await steerRun(run, find, { ...options, ...display, signal });
  const results = await analyzeRun(run, { flips: await readFlips(run), signal, ...display });
  await writeResults(run, results, { commands: formatCommands });
  writeResult(options.json ? `${JSON.stringify(steering, null, 2)}\n` : `${formatSteering(steering)}\n`);
  display.note(`Report: ${run.file("report.html")}`);
}

import type { ComputeType, DeviceName } from "@measure-plantain/flux-runtime";
import { type AblationGranularity, steerRun } from "@measure-plantain/probe";
import { formatSteering } from "@measure-plantain/report";
import { addToRun, type AddToRunOptions } from "./add-to-run.ts";

/** What `measure-plantain steer` was told. */
export interface SteerCommandOptions extends AddToRunOptions {
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
}

/** Renders images with units of a complete run scaled, and rewrites its summary and report with them. */
export async function steer(
  directory: string,
  options: SteerCommandOptions,
  signal: AbortSignal,
): Promise<void> {
  await addToRun(directory, options, signal, {
    compute: (run, findCheckpoint, watch) => steerRun(run, findCheckpoint, { ...options, ...watch }),
    format: formatSteering,
  });
}

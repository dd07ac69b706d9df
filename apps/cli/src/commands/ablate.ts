import {
  ablateUnits,
  type AblationGranularity,
  type AblationMethod,
  type AblationRanking,
} from "@measure-plantain/probe";
import { formatAblation } from "@measure-plantain/report";
import { addToRun, type AddToRunOptions } from "./add-to-run.ts";

/** What `measure-plantain ablate` was told. */
export interface AblateOptions extends AddToRunOptions {
  readonly top: readonly number[];
  readonly units: readonly string[];
  readonly granularity: AblationGranularity;
  readonly method: AblationMethod;
  readonly rankBy: AblationRanking;
  readonly random: number;
  readonly seed: number;
  readonly pairs?: number;
}

/** Ablates units of a complete run, and rewrites its summary and report with what that did. */
export async function ablate(directory: string, options: AblateOptions, signal: AbortSignal): Promise<void> {
  await addToRun(directory, options, signal, {
    compute: (run, findCheckpoint, watch) => ablateUnits(run, findCheckpoint, { ...options, ...watch }),
    format: formatAblation,
  });
}

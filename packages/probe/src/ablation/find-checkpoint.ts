import { dirname } from "node:path";
import { FluxRuntimeError } from "@measure-plantain/flux-runtime";
import { plantedCheckpoint } from "../controls/plant/planted-checkpoint.ts";
import { randomizedCheckpoint } from "../controls/run-controls.ts";
import { UsageError } from "../probe-error.ts";
import { fingerprintCheckpoint } from "../settings/fingerprint.ts";
import type { ProbedCheckpoint } from "../settings/probed-checkpoint.ts";
import { differingSettings } from "../settings/settings.ts";
import type { Manifest } from "../run-folder/manifest.ts";
import { RunFolder } from "../run-folder/run-folder.ts";
import { type Progress, resolveWithProgress } from "measure-plantain";

export interface FindCheckpointOptions {
  /** Where it is, if not where the run found it. */
  readonly checkpoint?: string;
  readonly offline: boolean;
  readonly progress: Progress;
  readonly signal: AbortSignal;
}

/**
 * Opens the checkpoint of a run again: what the user named then, or the changed copy of it that a control was run on.
 *
 * @throws UsageError where it is gone, or its files are others now.
 */
export async function findCheckpoint(
  folder: RunFolder,
  { settings }: Manifest,
  options: FindCheckpointOptions,
): Promise<ProbedCheckpoint> {
  const resolved = await resolve(folder, settings.checkpoint, options).catch((cause: unknown) => {
    const isGone = cause instanceof FluxRuntimeError && cause.code === "checkpoint-not-found";
    if (!isGone) throw cause;
    throw new UsageError(
      `The checkpoint of the run, ${settings.checkpoint.id}, cannot be opened. ${cause.message} Or tell where it is with --checkpoint.`,
      { cause },
    );
  });
  const { files } = settings.checkpoint;
  const full = files.some(({ sha256 }) => sha256 !== undefined);
  const byName = (list: typeof files): object => Object.fromEntries(list.map((file) => [file.file, file]));
  const differences = differingSettings(
    byName(files),
    byName(await fingerprintCheckpoint(resolved.checkpoint, { full })),
  );
  if (differences.length > 0) {
    throw new UsageError(
      `${resolved.checkpoint.folder} is not the checkpoint of the run in ${folder.path}:\n  ${differences.slice(0, 4).join("\n  ")}\nName the run's with --checkpoint.`,
    );
  }
  return resolved;
}

/** What the user named, or else what the run was made on, made from it again. */
async function resolve(
  folder: RunFolder,
  { id, change }: Manifest["settings"]["checkpoint"],
  options: FindCheckpointOptions,
): Promise<ProbedCheckpoint> {
  if (options.checkpoint !== undefined) return resolveWithProgress(options.checkpoint, options);
  if (change === undefined) return resolveWithProgress(id, options);
  const { kind, seed, of } = change;
  const resolved = await resolveWithProgress(of, options);
  if (kind === "random-weights") return randomizedCheckpoint(resolved, seed, options);
  const main = await RunFolder.openForReading(dirname(dirname(folder.path))); // RUN/controls/NAME
  return plantedCheckpoint({ ...options, main, resolved, seed });
}

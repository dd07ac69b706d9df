import { dirname } from "node:path";
import {
  FluxRuntimeError,
  type ComponentFiles,
  resolveCheckpoint,
  type ResolveCheckpointOptions,
} from "@measure-plantain/flux-runtime";
import { baseCheckpoint } from "../controls/base-checkpoint.ts";
import { plantedCheckpoint } from "../controls/plant/planted-checkpoint.ts";
import { randomizedCheckpoint } from "../controls/randomized-checkpoint.ts";
import { ProbeError } from "../probe-error.ts";
import { createReporter, type ProgressOptions } from "../reporter.ts";
import { fingerprintCheckpoint } from "../settings/fingerprint-checkpoint.ts";
import type { ProbedCheckpoint } from "../settings/probed-checkpoint.ts";
import { differingSettings } from "../settings/settings.ts";
import type { Manifest } from "../run-folder/manifest.ts";
import { RunFolder } from "../run-folder/run-folder.ts";

/** Where the checkpoint of a run is looked for. */
export interface FindCheckpointOptions
  extends ProgressOptions, Pick<ResolveCheckpointOptions, "onDownload" | "onWait"> {
  /** Where it is, if not where the run found it. */
  readonly checkpoint?: string;
  /** Models that take the place of the checkpoint's own, if they are not where the run found them. */
  readonly components?: ComponentFiles | undefined;
  /** Download nothing. */
  readonly offline?: boolean;
  /** Ends the search. */
  readonly signal?: AbortSignal | undefined;
}

/**
 * Opens the checkpoint of a run again: what the user named then, or the changed copy of it that a control was run on.
 *
 * @throws {ProbeError} if it is gone, or its files are others now.
 * @example
 * const checkpoint = await findCheckpoint(run, { offline: true });
 */
export async function findCheckpoint(
  folder: RunFolder,
  options: FindCheckpointOptions = {},
): Promise<ProbedCheckpoint> {
  const { settings } = await folder.readManifest();
  const resolved = await resolve(folder, settings.checkpoint, options).catch((cause: unknown) => {
    const isGone = cause instanceof FluxRuntimeError && cause.code === "checkpoint-not-found";
    if (!isGone) throw cause;
    throw new ProbeError(
      "other-checkpoint",
      `The checkpoint of the run, ${settings.checkpoint.id}, cannot be opened. ${cause.message} Or say where it is with the option \`checkpoint\`.`,
      { cause },
    );
  });
  const { files } = settings.checkpoint;
  const full = files.some(({ sha256 }) => sha256 !== undefined);
  const byName = (list: typeof files): object => Object.fromEntries(list.map((file) => [file.file, file]));
  const differences = differingSettings(
    { ...byName(files), ...scalesOf(settings.checkpoint) },
    { ...byName(await fingerprintCheckpoint(resolved.checkpoint, { full })), ...scalesOf(resolved) },
  );
  if (differences.length > 0) {
    throw new ProbeError(
      "other-checkpoint",
      `${resolved.checkpoint.folder} is not the checkpoint of the run in ${folder.path}:\n  ${differences.slice(0, 4).join("\n  ")}\nName the run's with the option \`checkpoint\`.`,
    );
  }
  return resolved;
}

/** The scales of adapters, by what they are called in messages; of what was made without them none count. */
function scalesOf({ source, change }: Pick<ProbedCheckpoint, "source" | "change">): object {
  if (change?.kind === "base" || change?.kind === "random-weights") return {};
  const scales = (source?.loras ?? []).map(({ scale = 1 }, index) => [`scale of LoRA ${index + 1}`, scale]);
  return Object.fromEntries(scales) as Readonly<Record<string, number>>;
}

/** What the user named, or else what the run was made on, made from it again. */
async function resolve(
  folder: RunFolder,
  { id, source, change }: Manifest["settings"]["checkpoint"],
  options: FindCheckpointOptions,
): Promise<ProbedCheckpoint> {
  if (change !== undefined && options.checkpoint !== undefined)
    return resolveCheckpoint(options.checkpoint, options);
  const { checkpoint: own, ...components } = source ?? { checkpoint: change?.of ?? id };
  const resolved = await resolveCheckpoint(options.checkpoint ?? own, {
    ...options,
    components: { ...components, ...options.components },
  });
  if (change === undefined) return resolved;
  if (change.kind === "base") return baseCheckpoint(resolved);
  const { kind, seed, plant = "contrast" } = change;
  const reporter = createReporter(options, 1);
  reporter.next();
  if (kind === "random-weights")
    return randomizedCheckpoint(resolved, seed, { reporter, signal: options.signal });
  const main = await RunFolder.openForReading(dirname(dirname(folder.path))); // RUN/controls/NAME
  return plantedCheckpoint({ main, probed: resolved, seed, kind: plant, reporter, signal: options.signal });
}

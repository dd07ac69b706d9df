import { openCheckpoint, type Checkpoint } from "../checkpoint/open-checkpoint.ts";
import { getCheckpointSpec } from "../synthesis/checkpoint-spec.ts";
import { synthesizeCheckpoint } from "../synthesis/synthesize-checkpoint.ts";
import { UsageError } from "../errors.ts";
import type { Progress } from "../terminal/progress.ts";
import { downloadSnapshot } from "./download-snapshot.ts";
import { HubError } from "./hub-error.ts";
import { exists, locateCheckpoint } from "./locate-checkpoint.ts";

/** How a checkpoint was made from another one for a control. */
export interface CheckpointChange {
  readonly kind: "random-weights" | "planted";
  readonly seed: number;
  /** The id of the other. */
  readonly of: string;
}

/** A checkpoint and what a reader of its results must know about it. */
export interface ResolvedCheckpoint {
  /** What the user asked for; of a repository, with the commit that its revision stands for. */
  readonly id: string;
  readonly checkpoint: Checkpoint;
  /** Random weights, so far as names and marks tell: results are a control, not evidence about a trained model. */
  readonly isSynthesized: boolean;
  /** Where it was made from another one. */
  readonly change?: CheckpointChange;
}

/** How a checkpoint is looked for. */
export interface ResolveCheckpointOptions {
  readonly progress: Progress;
  /** Download nothing. */
  readonly offline: boolean;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Opens the checkpoint that a user names: `tiny` or `random:NAME` (synthesised into the user's cache on first use), a folder,
 * or `OWNER/NAME` or `OWNER/NAME@REVISION` of a model on the hub, from the Hugging Face cache or downloaded into it.
 *
 * @throws UsageError where there is no such checkpoint; HubError where it cannot be had; FluxRuntimeError where it is malformed.
 */
export async function resolveCheckpoint(
  id: string,
  { progress, offline, signal }: ResolveCheckpointOptions,
): Promise<ResolvedCheckpoint> {
  const place = await locateCheckpoint(id, { offline });
  if (place.kind === "synthesized") {
    if (!place.exists) await synthesize(place.specName, place.folder, { progress, signal });
    return { id, checkpoint: await openCheckpoint(place.folder), isSynthesized: true };
  }
  if (place.kind === "folder") {
    if (place.problem !== null) throw new UsageError(place.problem);
    const checkpoint = await openCheckpoint(place.folder);
    return { id, checkpoint, isSynthesized: checkpoint.hasRandomWeights };
  }
  if (place.problem !== null) throw new HubError("offline", place.problem);
  const { repository, environment, cache, cached } = place;
  const commit =
    cached !== null && place.exists
      ? cached.commit
      : await downloadSnapshot(repository, { environment, cache, progress, signal });
  const checkpoint = await openCheckpoint(cache.snapshotFolder(commit));
  return { id: `${repository.name}@${commit}`, checkpoint, isSynthesized: checkpoint.hasRandomWeights };
}

async function synthesize(
  name: string,
  folder: string,
  { progress, signal }: Pick<ResolveCheckpointOptions, "progress" | "signal">,
): Promise<void> {
  const spec = getCheckpointSpec(name);
  const bar = progress.start(`synthesising ${name}`, { unit: "bytes" });
  await synthesizeCheckpoint(folder, spec, {
    ...(signal && { signal }),
    onProgress: ({ bytes, totalBytes }) => {
      bar.update(bytes, totalBytes);
    },
  })
    .catch(async (error: unknown) => {
      if (!(await exists(folder))) throw error; // else another process was first, with the same bytes
    })
    .finally(() => {
      bar.stop();
    });
}

import { readTensors, type Tensor } from "@measure-plantain/flux-runtime";
import { ProbeError } from "../probe-error.ts";
import { formatShard, isPart } from "../settings/shard.ts";
import {
  CHANNEL_MEAN,
  EMBEDDING_DISTANCE,
  EMBEDDING_MEAN,
  MEAN_SQUARE,
  REPLICATES,
} from "../captures/capture-tensors.ts";
import { segmentNames } from "../captures/token-segments.ts";
import type { Manifest } from "./manifest.ts";
import type { RunFolder } from "./run-folder.ts";
import { requireOwnCaptures } from "./changed-captures.ts";
import type { Captures } from "../captures/granularities.ts";

/**
 * Reads what a complete run captured.
 *
 * @param options - `acceptChanged` also reads captures that are not the ones that the run wrote.
 * @throws {ProbeError} if the run is not complete, is a shard, or holds no captures, or captures that the run did not write.
 * @example
 * const { meanSquare } = await readCaptures(run, await run.readManifest());
 * meanSquare.shape; // [25, 2, 680]
 */
export async function readCaptures(
  folder: RunFolder,
  manifest: Manifest,
  { acceptChanged = false }: { readonly acceptChanged?: boolean } = {},
): Promise<Captures> {
  const { state, layout, settings } = manifest;
  if (state !== "complete" || layout === null) {
    throw new ProbeError(
      "incomplete-run",
      `The run in ${folder.path} is not complete. Start it again with the same command; it goes on where it stopped.`,
    );
  }
  if (isPart(settings.shard)) {
    throw new ProbeError(
      "part-of-a-run",
      `${folder.path} holds shard ${formatShard(settings.shard)}, a part of a run, which has no statistics. Join all of them first.`,
    );
  }
  if (!acceptChanged) await requireOwnCaptures(folder, manifest);
  const tensors = await readTensors(folder.file("captures.safetensors"));
  const meanSquare = byCondition(tensors.get(MEAN_SQUARE));
  if (meanSquare === null) {
    throw new ProbeError(
      "incomplete-run",
      `${folder.file("captures.safetensors")} holds no mean_square [pairs, 2, units]. Restore the file, or run again into another folder.`,
    );
  }
  const segments = Object.fromEntries(
    segmentNames.flatMap((name) => {
      const captured = byCondition(tensors.get(`${MEAN_SQUARE}.${name}`));
      return captured === null ? [] : [[name, captured]];
    }),
  );
  const stack = tensors.get(REPLICATES);
  const [count = 0] = stack?.shape ?? [];
  const replicates = stack && { data: stack.data, shape: [count, ...meanSquare.shape] as const };
  const signed = byCondition(tensors.get(CHANNEL_MEAN));
  const [distance, mean] = [tensors.get(EMBEDDING_DISTANCE), byCondition(tensors.get(EMBEDDING_MEAN))];
  const embeddings = distance &&
    mean && { distance: { data: distance.data, shape: [distance.data.length] as const }, mean };
  return {
    layout,
    meanSquare,
    segments,
    ...(replicates && { replicates }),
    ...(signed && { signed }),
    ...(embeddings && { embeddings }),
  };
}

/** [pairs, 2, values] as such; `null` if the tensor is missing or of another shape. */
function byCondition(
  tensor: Tensor | undefined,
): { readonly data: Float32Array; readonly shape: readonly [number, 2, number] } | null {
  const [pairs, conditions, values] = tensor?.shape ?? [];
  if (tensor === undefined || pairs === undefined || values === undefined || conditions !== 2) return null;
  return { data: tensor.data, shape: [pairs, 2, values] };
}

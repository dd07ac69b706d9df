import { readTensors } from "@measure-plantain/flux-runtime";
import type { Ablation } from "../causal/ablation.ts";
import { readAblation } from "../causal/ablation-file.ts";
import { UsageError } from "../errors.ts";
import { listReplicates } from "../probe/replicates.ts";
import { formatShard, isPart } from "../probe/shard.ts";
import { segmentNames } from "../probe/token-segments.ts";
import type { Manifest } from "../run-folder/manifest.ts";
import { MEAN_SQUARE, REPLICATES } from "../run-folder/pass-files.ts";
import type { RunFolder } from "../run-folder/run-folder.ts";
import { analyzeCaptures, type Analysis } from "./analyze-captures.ts";
import { readGrades } from "./grade-results.ts";
import type { MeanSquares } from "./granularities.ts";
import type { SummaryContext } from "./summary.ts";

/** A run folder that was read, and its statistics. */
export interface FolderResults {
  readonly manifest: Manifest;
  /** What the ablation of the run's units did; `null` where it was not tried. */
  readonly ablation: Ablation | null;
  readonly analysis: Analysis;
  readonly context: SummaryContext;
}

/**
 * Reads a run folder and computes its statistics from the captures.
 *
 * @throws UsageError where the run is not complete, is a shard, or holds no captures.
 */
export async function analyzeFolder(
  folder: RunFolder,
  flips: number | "exact",
  signal: AbortSignal,
): Promise<FolderResults> {
  const manifest = await folder.readManifest();
  const { state, layout, settings, promptSet, audit, wordCounts, execution } = manifest;
  if (state !== "complete" || layout === null) {
    throw new UsageError(
      `The run in ${folder.path} is not complete. Start it again with the same command; it goes on where it stopped.`,
    );
  }
  if (isPart(settings.shard)) {
    throw new UsageError(
      `${folder.path} holds shard ${formatShard(settings.shard)}, a part of a run, which has no statistics. Join all of them first: measure-plantain merge OUT SHARD_DIR…`,
    );
  }
  const tensors = await readTensors(folder.file("captures.safetensors"));
  const meanSquare = meanSquares(tensors.get(MEAN_SQUARE));
  if (meanSquare === null) {
    throw new UsageError(
      `${folder.file("captures.safetensors")} holds no mean_square [pairs, 2, units]. Restore the file, or run again into another folder.`,
    );
  }
  const segments = Object.fromEntries(
    segmentNames.flatMap((name) => {
      const captured = meanSquares(tensors.get(`${MEAN_SQUARE}.${name}`));
      return captured === null ? [] : [[name, captured]];
    }),
  );
  const stack = tensors.get(REPLICATES);
  const [count = 0] = stack?.shape ?? [];
  const replicates = stack && { data: stack.data, shape: [count, ...meanSquare.shape] as const };
  return {
    manifest,
    ablation: await readAblation(folder),
    analysis: await analyzeCaptures(
      { layout, meanSquare, segments, ...(replicates && { replicates }) },
      { flips, grades: readGrades(promptSet), signal },
    ),
    context: {
      checkpoint: { id: settings.checkpoint.id, isSynthesized: manifest.isSynthesizedCheckpoint },
      promptSet,
      audit,
      ...(wordCounts && { wordCounts }),
      device: execution.device,
      replicates: listReplicates(settings),
    },
  };
}

function meanSquares(
  tensor: { readonly data: Float32Array; readonly shape: readonly number[] } | undefined,
): MeanSquares | null {
  const [pairs, conditions, units] = tensor?.shape ?? [];
  if (tensor === undefined || pairs === undefined || units === undefined || conditions !== 2) return null;
  return { data: tensor.data, shape: [pairs, 2, units] };
}

import { mkdir, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { RANDOM_WEIGHTS_MARK } from "../checkpoint/random-weights-mark.ts";
import { writeCheckpointFolder } from "../checkpoint/write-checkpoint-folder.ts";
import { createSafetensorsWriter } from "../checkpoint/write-safetensors.ts";
import { startStage, type OnProgress } from "../progress.ts";
import { elementCount } from "../tensor.ts";
import type { RequiredTensor } from "../models/list-tensors.ts";
import { createRandomWeights } from "./random-weights.ts";
import { requiredComponents, type ModelConfigs } from "./required-components.ts";

/** Values drawn at a time: a few megabytes. */
const CHUNK = 1 << 20;

/** How random weights are drawn and written. */
export interface RandomCheckpointOptions {
  /** Fixes every weight. */
  readonly seed?: number;
  /** Ends the writing and removes what was written. */
  readonly signal?: AbortSignal | undefined;
  /** Told after every few megabytes, in bytes. */
  readonly onProgress?: OnProgress | undefined;
}

/** What a checkpoint of random weights is made of beside the weights. */
export interface RandomCheckpointParts {
  readonly configs: ModelConfigs;
  /** The content of every other file, by its path within the checkpoint. */
  readonly files: Readonly<Record<string, string | Uint8Array>>;
  /** Weight files are split where they would grow beyond this many bytes. */
  readonly largestShard: number;
}

/**
 * Writes a checkpoint of random bfloat16 weights. The folder appears whole or not at all; the same parts and seed give the
 * same bytes. Every weight file is marked as random, so that `openCheckpoint` can tell.
 *
 * @throws {FluxRuntimeError} `disk-full`; `unwritable-file`; `existing-folder`; else the signal's reason.
 */
export async function writeRandomCheckpoint(
  folder: string,
  { configs, files, largestShard }: RandomCheckpointParts,
  { seed = 0, signal, onProgress }: RandomCheckpointOptions = {},
): Promise<void> {
  await writeCheckpointFolder(
    folder,
    async (aside) => {
      for (const [path, content] of Object.entries(files)) {
        await mkdir(dirname(join(aside, path)), { recursive: true });
        await writeFile(join(aside, path), content);
      }
      const components = requiredComponents(configs);
      const values = components
        .flatMap(({ tensors }) => tensors)
        .reduce((sum, { shape }) => sum + elementCount(shape), 0);
      const report = startStage(onProgress, {
        stage: "drawing random weights",
        unit: "bytes",
        total: 2 * values,
      });
      let bytes = 0;
      for (const { name, baseName, tensors } of components) {
        await writeShards(join(aside, name), baseName, tensors, largestShard, async (tensor, append) => {
          const weights = createRandomWeights(seed, `${name}/${tensor.name}`, distributionOf(tensor));
          for (let left = elementCount(tensor.shape); left > 0; left -= CHUNK) {
            signal?.throwIfAborted();
            const chunk = weights.next(Math.min(left, CHUNK));
            await append(chunk);
            bytes += chunk.byteLength;
            report(bytes);
          }
        });
      }
    },
    signal,
  );
}

/** Scales at which signals neither die out nor grow over many layers; norms and variances are about one. */
function distributionOf({ name, shape }: RequiredTensor): { mean: number; deviation: number } {
  if (name === "bn.running_var") return { mean: 1, deviation: 0.02 };
  if (shape.length === 1)
    return name.endsWith(".weight") ? { mean: 1, deviation: 0.1 } : { mean: 0, deviation: 0.02 };
  if (name.endsWith("embed_tokens.weight")) return { mean: 0, deviation: 1 };
  const fanIn = shape.slice(1).reduce((product, length) => product * length, 1);
  return { mean: 0, deviation: 1 / Math.sqrt(fanIn) };
}

/** Writes tensors into one file, or into several and their index where one would be too large. */
async function writeShards(
  folder: string,
  baseName: string,
  tensors: readonly RequiredTensor[],
  largestShard: number,
  fill: (tensor: RequiredTensor, append: (bytes: ArrayBufferView) => Promise<void>) => Promise<void>,
): Promise<void> {
  const shards = partition(tensors, largestShard);
  const fileName = (index: number): string => {
    const padded = (count: number): string => String(count).padStart(5, "0");
    return shards.length === 1
      ? `${baseName}.safetensors`
      : `${baseName}-${padded(index + 1)}-of-${padded(shards.length)}.safetensors`;
  };
  for (const [index, shard] of shards.entries()) {
    const layout = shard.map(({ name, shape }) => ({ name, shape, dtype: "BF16" as const }));
    const writer = await createSafetensorsWriter(join(folder, fileName(index)), layout, {
      metadata: { format: "pt", ...RANDOM_WEIGHTS_MARK },
    });
    for (const tensor of shard) await fill(tensor, writer.append);
    await writer.close();
  }
  if (shards.length > 1) {
    const placed = shards.flatMap((shard, index) =>
      shard.map(({ name }) => [name, fileName(index)] as const),
    );
    const total_size = 2 * tensors.reduce((sum, { shape }) => sum + elementCount(shape), 0);
    const index = { metadata: { total_size }, weight_map: Object.fromEntries(placed) };
    await writeFile(
      join(folder, `${baseName}.safetensors.index.json`),
      `${JSON.stringify(index, null, 2)}\n`,
    );
  }
}

function partition(tensors: readonly RequiredTensor[], largestShard: number): RequiredTensor[][] {
  const shards: RequiredTensor[][] = [[]];
  let size = 0;
  for (const tensor of tensors) {
    const bytes = 2 * elementCount(tensor.shape);
    if (size > 0 && size + bytes > largestShard) {
      shards.push([]);
      size = 0;
    }
    shards.at(-1)?.push(tensor);
    size += bytes;
  }
  return shards;
}

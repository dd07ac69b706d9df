import { readFile } from "node:fs/promises";
import { listConfigurationFiles } from "../checkpoint/list-checkpoint-files.ts";
import type { Checkpoint } from "../checkpoint/checkpoint.ts";
import { writeRandomCheckpoint, type RandomCheckpointOptions } from "./write-random-checkpoint.ts";

/** Published checkpoints are split into files of about this many bytes. */
const LARGEST_SHARD = 5_000_000_000;

/**
 * Writes the same checkpoint with random weights: its configurations and its tokenizer as they are, every tensor drawn
 * anew. What a probe finds there, it finds without anything having been learned. The weight files are marked, as those of
 * `synthesizeCheckpoint` are.
 *
 * @throws {FluxRuntimeError} as `synthesizeCheckpoint` does.
 */
export async function randomizeCheckpoint(
  checkpoint: Checkpoint,
  folder: string,
  options: RandomCheckpointOptions = {},
): Promise<void> {
  const files = await Promise.all(
    (await listConfigurationFiles(checkpoint)).map(
      async ({ path, source }) => [path, await readFile(source)] as const,
    ),
  );
  await writeRandomCheckpoint(
    folder,
    {
      configs: {
        textEncoder: checkpoint.textEncoder.config,
        transformer: checkpoint.transformer.config,
        autoencoder: checkpoint.autoencoder.config,
      },
      files: Object.fromEntries(files),
      largestShard: LARGEST_SHARD,
    },
    options,
  );
}

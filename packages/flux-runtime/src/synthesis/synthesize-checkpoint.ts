import { autoencoderConfigSchema } from "../models/autoencoder-config.ts";
import { textEncoderConfigSchema } from "../models/text-encoder-config.ts";
import { transformerConfigSchema } from "../models/transformer-config.ts";
import { trainByteTokenizer } from "./byte-pair-tokenizer.ts";
import { checkpointConfigs } from "./checkpoint-configs.ts";
import type { CheckpointSpec } from "./checkpoint-spec.ts";
import { tokenizerCorpus } from "./tokenizer-corpus.ts";
import { writeRandomCheckpoint, type RandomCheckpointOptions } from "./write-random-checkpoint.ts";

/** The synthesised tokenizer's vocabulary, at most; the embedding table may have more rows. */
const LARGEST_VOCABULARY = 768;

/**
 * Writes a checkpoint of random bfloat16 weights in the Hugging Face layout: the real tensor names and shapes of the given
 * configuration, sharded as published checkpoints are, with a small tokenizer of its own. It stands in for trained weights
 * where only shapes, plumbing, speed or memory matter; it knows nothing about images.
 *
 * The folder appears whole or not at all. The same configuration and seed give the same bytes. The weight files
 * are marked: `openCheckpoint` gives `hasRandomWeights`.
 *
 * @throws {FluxRuntimeError} `disk-full`; `unwritable-file`; `existing-folder`.
 */
export async function synthesizeCheckpoint(
  folder: string,
  spec: CheckpointSpec,
  options: RandomCheckpointOptions = {},
): Promise<void> {
  const configs = checkpointConfigs(spec);
  const vocabulary = Math.min(spec.textEncoder.vocabularySize, LARGEST_VOCABULARY);
  const json = { ...configs, ...trainByteTokenizer(tokenizerCorpus, vocabulary) };
  await writeRandomCheckpoint(
    folder,
    {
      configs: {
        textEncoder: textEncoderConfigSchema.parse(configs["text_encoder/config.json"]),
        transformer: transformerConfigSchema.parse(configs["transformer/config.json"]),
        autoencoder: autoencoderConfigSchema.parse(configs["vae/config.json"]),
      },
      files: Object.fromEntries(
        Object.entries(json).map(([path, content]) => [path, `${JSON.stringify(content, null, 2)}\n`]),
      ),
      largestShard: spec.largestShard,
    },
    options,
  );
}

import { mkdir, mkdtemp, rename, rm, writeFile } from "node:fs/promises";
import { basename, dirname, join, resolve } from "node:path";
import { createSafetensorsWriter } from "../checkpoint/write-safetensors.ts";
import { FluxRuntimeError } from "../errors.ts";
import type { ModelGraphOptions } from "../graph/model-graph.ts";
import { buildAutoencoderDecoder } from "../models/autoencoder-decoder.ts";
import { buildAutoencoderEncoder } from "../models/autoencoder-encoder.ts";
import { autoencoderConfigSchema } from "../models/autoencoder-config.ts";
import { textEncoderConfigSchema } from "../models/text-encoder-config.ts";
import { buildTextEncoder } from "../models/text-encoder.ts";
import { transformerConfigSchema } from "../models/transformer-config.ts";
import { buildTransformer } from "../models/transformer.ts";
import { elementCount } from "../tensor.ts";
import { trainByteTokenizer } from "./byte-pair-tokenizer.ts";
import { checkpointConfigs } from "./checkpoint-configs.ts";
import type { CheckpointSpec } from "./checkpoint-spec.ts";
import { listTensors, type RequiredTensor } from "./list-tensors.ts";
import { createRandomWeights } from "./random-weights.ts";
import { tokenizerCorpus } from "./tokenizer-corpus.ts";

/** Values drawn at a time: a few megabytes. */
const CHUNK = 1 << 20;

/** The synthesised tokenizer's vocabulary, at most; the embedding table may have more rows. */
const LARGEST_VOCABULARY = 768;

export interface SynthesizeOptions {
  /** Fixes every weight. */
  readonly seed?: number;
  readonly onProgress?: (progress: {
    readonly file: string;
    readonly bytes: number;
    readonly totalBytes: number;
  }) => void;
}

/**
 * Writes a checkpoint of random bfloat16 weights in the Hugging Face layout: the real tensor names and shapes of the given
 * configuration, sharded as published checkpoints are, with a small tokenizer of its own. It stands in for trained weights
 * where only shapes, plumbing, speed or memory matter; it knows nothing about images.
 *
 * The folder appears whole or not at all. The same configuration and seed give the same bytes.
 *
 * @throws {FluxRuntimeError} `invalid-argument` where the folder exists; `disk-full`, `write-failed`.
 */
export async function synthesizeCheckpoint(
  folder: string,
  spec: CheckpointSpec,
  { seed = 0, onProgress }: SynthesizeOptions = {},
): Promise<void> {
  const target = resolve(folder);
  await mkdir(dirname(target), { recursive: true });
  const aside = await mkdtemp(join(dirname(target), `.${basename(target)}-`));
  try {
    const vocabulary = Math.min(spec.textEncoder.vocabularySize, LARGEST_VOCABULARY);
    const files = { ...checkpointConfigs(spec), ...trainByteTokenizer(tokenizerCorpus, vocabulary) };
    for (const [path, content] of Object.entries(files)) {
      await mkdir(dirname(join(aside, path)), { recursive: true });
      await writeFile(join(aside, path), `${JSON.stringify(content, null, 2)}\n`);
    }
    const components = requiredTensors(files);
    const totalBytes =
      2 *
      components.flatMap(({ tensors }) => tensors).reduce((sum, { shape }) => sum + elementCount(shape), 0);
    let bytes = 0;
    for (const { name, baseName, tensors } of components) {
      await writeShards(join(aside, name), baseName, tensors, spec.largestShard, async (tensor, append) => {
        const weights = createRandomWeights(seed, `${name}/${tensor.name}`, distributionOf(tensor));
        for (let left = elementCount(tensor.shape); left > 0; left -= CHUNK) {
          const chunk = weights.next(Math.min(left, CHUNK));
          await append(chunk);
          bytes += chunk.byteLength;
          onProgress?.({ file: `${name}/${tensor.name}`, bytes, totalBytes });
        }
      });
    }
    await rename(aside, target);
  } catch (cause) {
    await rm(aside, { recursive: true, force: true });
    if (cause instanceof FluxRuntimeError) throw cause;
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new FluxRuntimeError(
      "write-failed",
      `The checkpoint ${target} could not be written: ${reason}. Give a folder that does not exist yet, on a disk with room.`,
      { folder: target },
      { cause },
    );
  }
}

interface Component {
  readonly name: string;
  readonly baseName: "model" | "diffusion_pytorch_model";
  readonly tensors: readonly RequiredTensor[];
}

/** The tensors of each model, as the models' own graphs ask for them. */
function requiredTensors(configs: Readonly<Record<string, unknown>>): Component[] {
  const transformer = transformerConfigSchema.parse(configs["transformer/config.json"]);
  const textEncoder = textEncoderConfigSchema.parse(configs["text_encoder/config.json"]);
  const autoencoder = autoencoderConfigSchema.parse(configs["vae/config.json"]);
  const on = (weights: ModelGraphOptions["weights"]): ModelGraphOptions => ({
    weights,
    computeType: "float32",
  });
  const statistics = 4 * autoencoder.latent_channels;
  return [
    {
      name: "text_encoder",
      baseName: "model",
      tensors: listTensors((weights) =>
        buildTextEncoder(textEncoder, on(weights), [textEncoder.num_hidden_layers]),
      ),
    },
    {
      name: "transformer",
      baseName: "diffusion_pytorch_model",
      tensors: listTensors((weights) => buildTransformer(transformer, on(weights))),
    },
    {
      name: "vae",
      baseName: "diffusion_pytorch_model",
      tensors: [
        { name: "bn.running_mean", shape: [statistics] },
        { name: "bn.running_var", shape: [statistics] },
        ...listTensors((weights) => {
          buildAutoencoderDecoder(autoencoder, on(weights));
          buildAutoencoderEncoder(autoencoder, on(weights));
        }),
      ],
    },
  ];
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
      metadata: { format: "pt" },
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

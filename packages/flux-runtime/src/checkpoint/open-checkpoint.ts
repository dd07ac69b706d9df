import { join, resolve } from "node:path";
import type { z } from "zod";
import { FluxRuntimeError } from "../errors.ts";
import { pathExists } from "../path-exists.ts";
import { autoencoderConfigSchema } from "../models/autoencoder-config.ts";
import { textEncoderConfigSchema } from "../models/text-encoder-config.ts";
import { autoencoderTensors, transformerTensors } from "../models/required-tensors.ts";
import { PROMPT_EMBEDDING_LAYERS } from "../models/text-encoder.ts";
import { transformerConfigSchema } from "../models/transformer-config.ts";
import type { LoraChoice } from "../lora/lora.ts";
import { openLoras } from "../lora/open-loras.ts";
import { schedulerConfigSchema } from "../sampling/scheduler-config.ts";
import { checkTensors } from "./check-tensors.ts";
import type { Checkpoint, CheckpointComponent } from "./checkpoint.ts";
import { openComponentWeights } from "./component-weights.ts";
import { hasRandomWeightsMark } from "./random-weights-mark.ts";
import { readConfig } from "./read-config.ts";
import { readModelIndex } from "./read-model-index.ts";
import { requireTextEncoderTensors } from "./text-encoder-layers.ts";

/** Models that take the place of a checkpoint's own, and what is added to its transformer. */
export interface ComponentFiles {
  /** A weight file, of diffusers or of the makers' own layout, or a folder with a model's weights and perhaps its configuration. */
  readonly transformer?: string | undefined;
  /** The same for the text encoder: ComfyUI's file has the names of transformers. */
  readonly textEncoder?: string | undefined;
  /** The same for the autoencoder. */
  readonly autoencoder?: string | undefined;
  /** Adapters of the transformer, which are added up; none by default. */
  readonly loras?: readonly LoraChoice[] | undefined;
}

/** What is opened. */
export type OpenCheckpointOptions = ComponentFiles;

/**
 * Opens a checkpoint folder: reads the configurations and the headers of the weight files, and no weight. Names, shapes and
 * types of all tensors are checked here, so that nothing is refused after a model has run.
 *
 * @throws {FluxRuntimeError} where a file is missing or malformed, a model is of a class that is not supported, the
 * components do not fit each other, or weights are of another kind or model than the configuration; the message names the
 * file.
 * @example
 * const checkpoint = await openCheckpoint("FLUX.2-klein-base-4B");
 * checkpoint.transformer.config.num_single_layers; // 20
 */
export async function openCheckpoint(
  folder: string,
  options: OpenCheckpointOptions = {},
): Promise<Checkpoint> {
  const root = resolve(folder);
  const { isDistilled, cachesReferences } = await readModelIndex(root);
  const component = async <Config>(
    name: string,
    {
      modelClass,
      schema,
      given,
    }: { modelClass: string; schema: z.ZodType<Config>; given: string | undefined },
  ): Promise<CheckpointComponent<Config>> => {
    const ownConfig = given === undefined ? undefined : join(given, "config.json");
    const hasOwn = ownConfig !== undefined && (await pathExists(ownConfig));
    const configFile = resolve(hasOwn ? ownConfig : join(root, name, "config.json"));
    return {
      configFile,
      config: await readConfig(configFile, schema, { modelClass }),
      weights: await openComponentWeights(given ?? join(root, name)),
    };
  };
  const schedulerPath = join(root, "scheduler", "scheduler_config.json");
  const textEncoder = await component("text_encoder", {
    modelClass: "Qwen3ForCausalLM",
    schema: textEncoderConfigSchema,
    given: options.textEncoder,
  });
  const transformer = await component("transformer", {
    modelClass: "Flux2Transformer2DModel",
    schema: transformerConfigSchema,
    given: options.transformer,
  });
  const autoencoder = await component("vae", {
    modelClass: "AutoencoderKLFlux2",
    schema: autoencoderConfigSchema,
    given: options.autoencoder,
  });
  const checkpoint: Omit<Checkpoint, "loras"> = {
    folder: root,
    isDistilled,
    cachesReferences,
    hasRandomWeights: await hasRandomWeightsMark([textEncoder, transformer, autoencoder]),
    scheduler: await readConfig(schedulerPath, schedulerConfigSchema, {
      modelClass: "FlowMatchEulerDiscreteScheduler",
    }),
    tokenizerFolder: join(root, "tokenizer"),
    textEncoder,
    transformer,
    autoencoder,
  };
  checkThatComponentsFit(checkpoint);
  // As deep as the pipeline reads; what other layers need is checked when they are asked for.
  const deepest = Math.min(Math.max(...PROMPT_EMBEDDING_LAYERS), textEncoder.config.num_hidden_layers);
  requireTextEncoderTensors(textEncoder, [deepest]);
  checkTensors(transformer.weights, { required: transformerTensors(transformer.config) });
  checkTensors(autoencoder.weights, { required: autoencoderTensors(autoencoder.config) });
  return { ...checkpoint, loras: await openLoras(options.loras ?? [], transformer.config) };
}

function checkThatComponentsFit({
  folder,
  textEncoder,
  transformer,
  autoencoder,
}: Omit<Checkpoint, "loras">): void {
  const misfit = (what: string, expected: number, received: number, fields: string): FluxRuntimeError =>
    new FluxRuntimeError(
      "unsupported-config",
      `In ${folder}, ${what}: expected ${expected}, received ${received} (${fields}). Use the components of one checkpoint together.`,
      { folder, expected, received },
    );
  const { hidden_size, num_hidden_layers } = textEncoder.config;
  const { joint_attention_dim } = transformer.config;
  const layers = Math.min(Math.max(1, Math.round(joint_attention_dim / hidden_size)), num_hidden_layers);
  if (joint_attention_dim !== layers * hidden_size) {
    throw misfit(
      "the transformer does not take the states of one or several layers of the text encoder",
      layers * hidden_size,
      joint_attention_dim,
      "joint_attention_dim",
    );
  }
  const [patchHeight, patchWidth] = autoencoder.config.patch_size;
  const patchSize = autoencoder.config.latent_channels * patchHeight * patchWidth;
  if (transformer.config.in_channels !== patchSize) {
    throw misfit(
      "the transformer does not take the autoencoder's latents",
      patchSize,
      transformer.config.in_channels,
      "in_channels",
    );
  }
}

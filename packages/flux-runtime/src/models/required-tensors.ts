import type { ModelGraphOptions } from "../graph/model-graph.ts";
import type { AutoencoderConfig } from "./autoencoder-config.ts";
import { buildAutoencoderDecoder } from "./autoencoder-decoder.ts";
import { buildAutoencoderEncoder } from "./autoencoder-encoder.ts";
import { listTensors, type RequiredTensor } from "./list-tensors.ts";
import type { TextEncoderConfig } from "./text-encoder-config.ts";
import { buildTextEncoder } from "./text-encoder.ts";
import type { TransformerConfig } from "./transformer-config.ts";
import { buildTransformer } from "./transformer.ts";

/** The tensors that a text encoder reads whose last hidden state that is used is that after the deepest of `layers`. */
export function textEncoderTensors(config: TextEncoderConfig, layers?: readonly number[]): RequiredTensor[] {
  return listTensors((weights) => buildTextEncoder(config, on(weights), layers));
}

/** The tensors that a transformer reads. */
export function transformerTensors(config: TransformerConfig): RequiredTensor[] {
  return listTensors((weights) => buildTransformer(config, on(weights)));
}

/** The tensors that an autoencoder reads: its two halves, and the statistics that latents are normalized by. */
export function autoencoderTensors(config: AutoencoderConfig): RequiredTensor[] {
  const channels = config.latent_channels * config.patch_size[0] * config.patch_size[1];
  return [
    { name: "bn.running_mean", shape: [channels] },
    { name: "bn.running_var", shape: [channels] },
    ...listTensors((weights) => {
      buildAutoencoderDecoder(config, on(weights));
      buildAutoencoderEncoder(config, on(weights));
    }),
  ];
}

function on(weights: ModelGraphOptions["weights"]): ModelGraphOptions {
  return { weights, computeType: "float32" };
}

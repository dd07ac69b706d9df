import type { MODEL_FOLDERS, WEIGHT_BASE_NAMES } from "../checkpoint/checkpoint-files.ts";
import type { ModelGraphOptions } from "../graph/model-graph.ts";
import type { AutoencoderConfig } from "../models/autoencoder-config.ts";
import { buildAutoencoderDecoder } from "../models/autoencoder-decoder.ts";
import { buildAutoencoderEncoder } from "../models/autoencoder-encoder.ts";
import type { TextEncoderConfig } from "../models/text-encoder-config.ts";
import { buildTextEncoder } from "../models/text-encoder.ts";
import type { TransformerConfig } from "../models/transformer-config.ts";
import { buildTransformer } from "../models/transformer.ts";
import { listTensors, type RequiredTensor } from "./list-tensors.ts";

/** The configurations that decide which tensors a checkpoint has. */
export interface ModelConfigs {
  readonly textEncoder: TextEncoderConfig;
  readonly transformer: TransformerConfig;
  readonly autoencoder: AutoencoderConfig;
}

/** One model of a checkpoint and what its weight files are called. */
export interface RequiredComponent {
  readonly name: (typeof MODEL_FOLDERS)[number];
  readonly baseName: (typeof WEIGHT_BASE_NAMES)[number];
  readonly tensors: readonly RequiredTensor[];
}

/** The tensors of each model, as the models' own graphs ask for them. */
export function requiredComponents({
  textEncoder,
  transformer,
  autoencoder,
}: ModelConfigs): RequiredComponent[] {
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

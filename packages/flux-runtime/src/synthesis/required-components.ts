import type { MODEL_FOLDERS, WEIGHT_BASE_NAMES } from "../checkpoint/checkpoint-files.ts";
import type { AutoencoderConfig } from "../models/autoencoder-config.ts";
import type { RequiredTensor } from "../models/list-tensors.ts";
import { autoencoderTensors, textEncoderTensors, transformerTensors } from "../models/required-tensors.ts";
import type { TextEncoderConfig } from "../models/text-encoder-config.ts";
import type { TransformerConfig } from "../models/transformer-config.ts";

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

/** The tensors of each model, as the models' own graphs ask for them; of the text encoder, those of all its layers. */
export function requiredComponents({
  textEncoder,
  transformer,
  autoencoder,
}: ModelConfigs): RequiredComponent[] {
  return [
    {
      name: "text_encoder",
      baseName: "model",
      tensors: textEncoderTensors(textEncoder, [textEncoder.num_hidden_layers]),
    },
    {
      name: "transformer",
      baseName: "diffusion_pytorch_model",
      tensors: transformerTensors(transformer),
    },
    { name: "vae", baseName: "diffusion_pytorch_model", tensors: autoencoderTensors(autoencoder) },
  ];
}

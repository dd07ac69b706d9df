import { FluxRuntimeError } from "../errors.ts";
import { textEncoderTensors } from "../models/required-tensors.ts";
import type { TextEncoderConfig } from "../models/text-encoder-config.ts";
import { PROMPT_EMBEDDING_LAYERS } from "../models/text-encoder.ts";
import { checkTensors } from "./check-tensors.ts";
import type { Checkpoint, CheckpointComponent } from "./checkpoint.ts";

/**
 * The layers whose hidden states make a prompt embedding: those that were asked for, or the pipeline's 9, 18 and 27. Layer k
 * is the k-th of the model; of the last one the state is normalized, as in the reference.
 *
 * Source: the argument `text_encoder_out_layers` of diffusers `Flux2KleinPipeline`.
 *
 * @param layers - In the order in which their states are stacked.
 * @throws {FluxRuntimeError} `invalid-argument` for layers that the encoder does not have or that are named twice, or if
 * there are more or fewer than the transformer takes; as `openCheckpoint` for tensors that these layers need.
 * @example
 * chooseTextEncoderLayers(checkpoint, [12, 24, 36]);
 */
export function chooseTextEncoderLayers(
  { textEncoder, transformer }: Pick<Checkpoint, "textEncoder" | "transformer">,
  layers: readonly number[] = PROMPT_EMBEDDING_LAYERS,
): readonly number[] {
  const { hidden_size, num_hidden_layers } = textEncoder.config;
  const { joint_attention_dim } = transformer.config;
  const count = joint_attention_dim / hidden_size;
  const isOwn = (layer: number): boolean =>
    Number.isSafeInteger(layer) && layer >= 1 && layer <= num_hidden_layers;
  const fits = (chosen: readonly number[]): boolean =>
    chosen.length === count && chosen.every(isOwn) && new Set(chosen).size === count;
  if (!fits(layers)) {
    const spread = Array.from({ length: count }, (_, place) =>
      Math.ceil(((place + 1) * num_hidden_layers) / count),
    );
    const example = fits(PROMPT_EMBEDDING_LAYERS) ? PROMPT_EMBEDDING_LAYERS : spread;
    throw new FluxRuntimeError(
      "invalid-argument",
      `The option \`textEncoderLayers\` must name ${count} different layers from 1 to ${num_hidden_layers}, but is ${layers.join(", ") || "empty"}: the transformer takes ${joint_attention_dim} channels (joint_attention_dim), and each layer of the text encoder gives ${hidden_size} (hidden_size). Use ${example.join(", ")}, for example.`,
      { layers, expected: count, highest: num_hidden_layers },
    );
  }
  requireTextEncoderTensors(textEncoder, layers);
  return layers;
}

/** Requires the tensors of a text encoder up to the highest of some layers. @throws {FluxRuntimeError} as `checkTensors`. */
export function requireTextEncoderTensors(
  { config, weights }: CheckpointComponent<TextEncoderConfig>,
  layers: readonly number[],
): void {
  checkTensors(weights, {
    required: textEncoderTensors(config, layers),
    unread: unreadTextEncoderTensors(config),
  });
}

/** What lies behind the last hidden state that is used: more layers, the last norm, the head (which may be tied). */
function unreadTextEncoderTensors(config: TextEncoderConfig): ReadonlySet<string> {
  const all = textEncoderTensors(config, [config.num_hidden_layers]);
  return new Set(["lm_head.weight", "model.norm.weight", ...all.map(({ name }) => name)]);
}

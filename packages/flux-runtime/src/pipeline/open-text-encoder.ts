import type { Checkpoint } from "../checkpoint/checkpoint.ts";
import { chooseTextEncoderLayers } from "../checkpoint/text-encoder-layers.ts";
import { readRows } from "../checkpoint/read-safetensors.ts";
import type { ModelGraph, ModelGraphOptions } from "../graph/model-graph.ts";
import { buildTextEncoder, TOKEN_EMBEDDING } from "../models/text-encoder.ts";
import { chooseComputeType } from "../session/choose-compute-type.ts";
import { kernelsOf } from "../session/kernels-of.ts";
import type { RuntimeOptions } from "../session/model-session.ts";
import type { SessionTensors } from "../session/session-protocol.ts";
import { toTensor } from "../session/session-tensors.ts";
import type { Tensor } from "../tensor.ts";
import { createTokenizer } from "../text/tokenizer.ts";
import { openModel } from "./open-model.ts";
import { textRotaryEmbedding, type RotaryFrequencies } from "./text-rotary-embedding.ts";

/** The length that the Klein pipeline pads every prompt to. */
export const DEFAULT_MAX_SEQUENCE_LENGTH = 512;

/** A prompt as the transformer reads it. */
export interface PromptEmbedding {
  /** The hidden states after the chosen layers next to each other, padding included: [1, S, layers · hidden size]. */
  readonly embeds: Tensor;
  /** Tokens of the prompt in its chat template, without padding. */
  readonly tokenCount: number;
  /** Which of them are the prompt's own, `[start, stop)`; the others up to `tokenCount` are the chat template's. */
  readonly promptTokens: readonly [start: number, stop: number];
  /** Whether the end of the prompt was cut off. */
  readonly truncated: boolean;
}

/** How prompts are encoded, and where. */
export interface TextEncoderOptions extends RuntimeOptions {
  /** Tokens of an embedding, padding included; `DEFAULT_MAX_SEQUENCE_LENGTH` where absent. */
  readonly maxSequenceLength?: number;
  /**
   * The layers, from 1 on, whose hidden states are stacked, in this order; 9, 18 and 27 by default. There are as many as the
   * transformer takes: `joint_attention_dim` / `hidden_size`. Layers after the highest are not computed.
   */
  readonly textEncoderLayers?: readonly number[];
  /** The precision of the rotary frequencies; `float32` where absent. */
  readonly rotaryFrequencies?: RotaryFrequencies;
}

/** A loaded text encoder. */
export interface TextEncoder {
  /** Embeds a prompt by its chat template, padded to the maximal length. */
  encode(prompt: string): Promise<PromptEmbedding>;
  /** Ends the encoder's process, which returns all of its memory. */
  close(): Promise<void>;
}

/**
 * Loads the tokenizer and the text encoder of a checkpoint.
 *
 * Source: diffusers `Flux2KleinPipeline._get_qwen3_prompt_embeds`.
 * @throws {FluxRuntimeError} `invalid-argument` for layers that cannot be stacked; where the tokenizer or a weight is
 * missing or malformed, or ONNX Runtime fails.
 */
export async function openTextEncoder(
  checkpoint: Checkpoint,
  {
    maxSequenceLength = DEFAULT_MAX_SEQUENCE_LENGTH,
    rotaryFrequencies = "float32",
    textEncoderLayers,
    ...runtime
  }: TextEncoderOptions = {},
): Promise<TextEncoder> {
  const layers = chooseTextEncoderLayers(checkpoint, textEncoderLayers);
  const { config, weights } = checkpoint.textEncoder;
  const tokenizer = await createTokenizer(checkpoint.tokenizerFolder);
  const rotary = textRotaryEmbedding(maxSequenceLength, config, rotaryFrequencies);
  const computeType = chooseComputeType(runtime);
  const build = (options: ModelGraphOptions): ModelGraph => buildTextEncoder(config, options, layers);
  const session = await openModel(weights, build, { ...runtime, computeType });
  const embedTokens = async (ids: BigInt64Array): Promise<SessionTensors> => {
    if (kernelsOf(runtime.device) === "native")
      return { input_ids: { type: "int64", data: ids, shape: [1, S] } };
    const table = weights.locate(`${TOKEN_EMBEDDING}.weight`, [config.vocab_size, config.hidden_size]);
    const { data } = await readRows(table.file, table, [...ids].map(Number));
    return { inputs_embeds: { type: "float32", data, shape: [1, S, config.hidden_size] } };
  };
  const S = maxSequenceLength;
  return {
    async encode(prompt) {
      const { inputIds, ...encoded } = tokenizer.encode(prompt, { maxSequenceLength });
      const { tokenCount, promptTokens, truncated } = encoded;
      const outputs = await session.run({
        ...(await embedTokens(inputIds)),
        attention_mask: { type: "bool", data: causalMask(S, tokenCount), shape: [1, 1, S, S] },
        rotary_cos: { type: "float32", ...rotary.cos },
        rotary_sin: { type: "float32", ...rotary.sin },
      });
      return { embeds: toTensor(outputs, "prompt_embeds"), tokenCount, promptTokens, truncated };
    },
    close: () => session.close(),
  };
}

/** [S, S]: a query sees the keys up to its own place, but no padding; padding tokens themselves see the whole prompt. */
function causalMask(length: number, tokenCount: number): Uint8Array {
  const mask = new Uint8Array(length * length);
  for (let query = 0; query < length; query += 1) {
    mask.fill(1, query * length, query * length + Math.min(query + 1, tokenCount));
  }
  return mask;
}

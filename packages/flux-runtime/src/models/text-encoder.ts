import type { Value } from "../graph/graph-builder.ts";
import { ModelGraph, type ModelGraphOptions } from "../graph/model-graph.ts";
import type { TextEncoderConfig } from "./text-encoder-config.ts";

/** The layers whose hidden states the Klein pipeline stacks into the prompt embedding. */
export const PROMPT_EMBEDDING_LAYERS: readonly number[] = [9, 18, 27];

/** The table whose rows stand for the tokens. */
export const TOKEN_EMBEDDING = "model.embed_tokens";

/**
 * The Qwen3 text encoder as an ONNX model that ends at the last hidden state that is used.
 *
 * Inputs: `input_ids` [B, S] (for WebGPU the rows of the embedding table that they name, `inputs_embeds` [B, S, C]),
 * `attention_mask` [B, 1, S, S] (true: the query in the row may see the key in the column),
 * `rotary_cos` and `rotary_sin` [S, D / 2]. Output: `prompt_embeds` [B, S, layers · C], the hidden states after the given
 * layers beside each other. Letters: B batch, S sequence, C hidden size, D head size.
 *
 * Source: transformers `Qwen3ForCausalLM` (models/qwen3/modeling_qwen3.py), diffusers
 * `Flux2KleinPipeline._get_qwen3_prompt_embeds`.
 */
export function buildTextEncoder(
  config: TextEncoderConfig,
  options: ModelGraphOptions,
  layers: readonly number[] = PROMPT_EMBEDDING_LAYERS,
): ModelGraph {
  const g = new ModelGraph("qwen3-text-encoder", options);
  const { hidden_size: C, intermediate_size: M, head_dim: D, rms_norm_eps: epsilon } = config;
  const heads = config.num_attention_heads;
  const keyValueHeads = config.num_key_value_heads;

  const tokens =
    g.kernels === "webgpu"
      ? g.input("inputs_embeds", "float32", ["B", "S", C]) // a table of half a gigabyte and more stays off the card
      : g.input("input_ids", "int64", ["B", "S"]);
  const mask = g.input("attention_mask", "bool", ["B", 1, "S", "S"]);
  const cos = g.input("rotary_cos", "float32", ["S", D / 2]);
  const sin = g.input("rotary_sin", "float32", ["S", D / 2]);
  const rotate = (x: Value, count: number): Value =>
    g.cast(
      g.rotaryEmbedding(g.cast(x, "float32"), cos, sin, { heads: count, interleaved: false }),
      g.computeType,
    );

  const hiddenStates = new Map<number, Value>();
  let hidden =
    g.kernels === "webgpu"
      ? tokens
      : g.embedding(tokens, TOKEN_EMBEDDING, { rows: config.vocab_size, size: C }); // [B, S, C]
  hiddenStates.set(0, hidden);

  const last = Math.max(...layers);
  for (let index = 0; index < last; index += 1) {
    const layer = `model.layers.${index}`;

    const normed = g.rmsNorm(hidden, `${layer}.input_layernorm`, { size: C, epsilon });
    const project = (name: string, count: number): Value =>
      g.linear(normed, `${layer}.self_attn.${name}`, { in: C, out: count * D });
    const normHeads = (x: Value, name: string, count: number): Value =>
      g.rmsNormPerHead(x, `${layer}.self_attn.${name}`, { heads: count, size: D, epsilon });
    const query = rotate(normHeads(project("q_proj", heads), "q_norm", heads), heads);
    const key = rotate(normHeads(project("k_proj", keyValueHeads), "k_norm", keyValueHeads), keyValueHeads);
    const value = project("v_proj", keyValueHeads); // [B, S, keyValueHeads · D]
    const attention = g.groupedQueryAttention(query, key, value, { heads, headSize: D, keyValueHeads, mask });
    hidden = g.add(hidden, g.linear(attention, `${layer}.self_attn.o_proj`, { in: heads * D, out: C }));

    const normedAgain = g.rmsNorm(hidden, `${layer}.post_attention_layernorm`, { size: C, epsilon });
    const gate = g.silu(g.linear(normedAgain, `${layer}.mlp.gate_proj`, { in: C, out: M }));
    const up = g.linear(normedAgain, `${layer}.mlp.up_proj`, { in: C, out: M });
    hidden = g.add(hidden, g.linear(g.mul(gate, up), `${layer}.mlp.down_proj`, { in: M, out: C }));

    // The last hidden state of the whole model is the normalized one.
    const isFinal = index + 1 === config.num_hidden_layers;
    hiddenStates.set(index + 1, isFinal ? g.rmsNorm(hidden, "model.norm", { size: C, epsilon }) : hidden);
  }

  const stacked = layers.map((layer) => hiddenStates.get(layer)).filter((state) => state !== undefined);
  const embeds = g.cast(g.concat(stacked, -1), "float32"); // [B, S, layers · C]
  g.output("prompt_embeds", embeds, ["B", "S", layers.length * C]);
  return g;
}

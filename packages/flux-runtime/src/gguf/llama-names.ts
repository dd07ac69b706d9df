/** Names of llama.cpp within a layer, and those of transformers. */
const LAYER: Readonly<Record<string, string>> = {
  attn_norm: "input_layernorm",
  attn_q: "self_attn.q_proj",
  attn_k: "self_attn.k_proj",
  attn_v: "self_attn.v_proj",
  attn_output: "self_attn.o_proj",
  attn_q_norm: "self_attn.q_norm",
  attn_k_norm: "self_attn.k_norm",
  ffn_norm: "post_attention_layernorm",
  ffn_gate: "mlp.gate_proj",
  ffn_up: "mlp.up_proj",
  ffn_down: "mlp.down_proj",
};

const OUTER: Readonly<Record<string, string>> = {
  "token_embd.weight": "model.embed_tokens.weight",
  "output_norm.weight": "model.norm.weight",
  "output.weight": "lm_head.weight",
};

/**
 * The name that transformers has for a tensor of a Qwen3 model of llama.cpp; other names stay. The channels of queries and keys
 * stand as in transformers: llama.cpp turns them for Llama, not for Qwen.
 *
 * Source: `MODEL_TENSORS` and `TensorNameMap` of llama.cpp (gguf-py/gguf/constants.py, tensor_mapping.py).
 */
export function renameLlamaTensor(name: string): string {
  const [, index, layer = ""] = /^blk\.(\d+)\.(\w+)\.weight$/.exec(name) ?? [];
  const renamed = LAYER[layer];
  if (index !== undefined && renamed !== undefined) return `model.layers.${index}.${renamed}.weight`;
  return OUTER[name] ?? name;
}

import { decodeBfloat16, encodeBfloat16 } from "../checkpoint/half-precision.ts";
import type { TextEncoderConfig } from "../models/text-encoder-config.ts";
import type { RotaryEmbedding } from "../sampling/rotary-embedding.ts";

/**
 * The precision of the text encoder's rotary frequencies. `from_pretrained` of transformers keeps them in float32 whatever
 * the weights are. A model that was cast as a whole, as `model.to(torch.bfloat16)` does, has them rounded to bfloat16, and a
 * cast back to float32 does not undo that: to compare with such a model, say "bfloat16".
 */
export type RotaryFrequencies = "float32" | "bfloat16";

/**
 * Cosines and sines [S, D / 2] for positions 0 … S − 1, with the rounding of the reference: frequencies and angles are
 * float32.
 *
 * Source: transformers `Qwen3RotaryEmbedding` (models/qwen3/modeling_qwen3.py).
 */
export function textRotaryEmbedding(
  length: number,
  { head_dim, rope_theta }: Pick<TextEncoderConfig, "head_dim" | "rope_theta">,
  precision: RotaryFrequencies,
): RotaryEmbedding {
  const half = head_dim / 2;
  const exact = Float32Array.from(
    { length: half },
    (_, i) => 1 / Math.fround(rope_theta ** Math.fround((2 * i) / head_dim)),
  );
  const frequencies = precision === "bfloat16" ? decodeBfloat16(encodeBfloat16(exact)) : exact;
  const cos = new Float32Array(length * half);
  const sin = new Float32Array(length * half);
  for (let position = 0; position < length; position += 1) {
    for (const [i, frequency] of frequencies.entries()) {
      const angle = Math.fround(position * frequency);
      cos[position * half + i] = Math.cos(angle);
      sin[position * half + i] = Math.sin(angle);
    }
  }
  const shape = [length, half];
  return { cos: { data: cos, shape }, sin: { data: sin, shape } };
}

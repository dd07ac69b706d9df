import { z } from "zod";

const count = z.int().positive();

/** The sizes of a Qwen3 model, named as in its file. */
export interface TextEncoderConfig {
  /** Rows of the embedding table. */
  readonly vocab_size: number;
  /** Channels of a token. */
  readonly hidden_size: number;
  /** Channels of the MLP. */
  readonly intermediate_size: number;
  /** Layers; a prompt embedding takes the states behind some of them. */
  readonly num_hidden_layers: number;
  /** Heads of the queries. */
  readonly num_attention_heads: number;
  /** Heads of the keys and values; each serves several query heads. */
  readonly num_key_value_heads: number;
  /** Channels of a head. */
  readonly head_dim: number;
  /** The variance floor of the normalizations. */
  readonly rms_norm_eps: number;
  /** The base of the rotary frequencies. */
  readonly rope_theta: number;
}

/** An unscaled rotary embedding, whose type may be left out. Objects in it would be parameters of single layers. */
const rotaryParameters = z
  .object({
    rope_theta: z.number().positive().optional(),
    rope_type: z.literal("default").optional(),
    type: z.literal("default").optional(),
  })
  .catchall(z.union([z.number(), z.string(), z.boolean(), z.null()]))
  .nullish();

/**
 * `text_encoder/config.json` of a Qwen3 model in both spellings: `rope_theta` at the top level and `rope_scaling`
 * (transformers 4), or both in `rope_parameters` (transformers 5). Of the two objects, a `rope_scaling` that is not empty
 * counts; where it has no `rope_theta`, the one at the top level does.
 *
 * Source: transformers' `Qwen3Config` and `RotaryEmbeddingConfigMixin.convert_rope_params_to_dict`.
 */
export const textEncoderConfigSchema: z.ZodType<TextEncoderConfig> = z
  .object({
    vocab_size: count,
    hidden_size: count,
    intermediate_size: count,
    num_hidden_layers: count,
    num_attention_heads: count,
    num_key_value_heads: count.nullable(),
    head_dim: count.multipleOf(2).default(128),
    hidden_act: z.literal("silu").default("silu"),
    rms_norm_eps: z.number().positive().default(1e-6),
    attention_bias: z.literal(false).default(false),
    use_sliding_window: z.literal(false).default(false),
    rope_theta: z.number().positive().optional(),
    rope_scaling: rotaryParameters,
    rope_parameters: rotaryParameters,
  })
  .transform(({ rope_theta, rope_scaling, rope_parameters, ...config }) => {
    const isScalingGiven = Object.keys(rope_scaling ?? {}).length > 0;
    const rotary = isScalingGiven ? rope_scaling : rope_parameters;
    return {
      ...config,
      num_key_value_heads: config.num_key_value_heads ?? config.num_attention_heads,
      rope_theta: rotary?.rope_theta ?? rope_theta ?? 10_000,
    };
  })
  .refine((config) => config.num_attention_heads % config.num_key_value_heads === 0, {
    path: ["num_key_value_heads"],
    error: "num_attention_heads must be a multiple of it",
  });

import { z } from "zod";

const count = z.int().positive();

/** The sizes of a FLUX.2 transformer, named as in its file. */
export interface TransformerConfig {
  /** Latent positions of a token along each side; the 2 × 2 of the autoencoder are channels already. */
  readonly patch_size: 1;
  /** Channels of a latent token. */
  readonly in_channels: number;
  /** Channels of the velocity; `in_channels` where null. */
  readonly out_channels: number | null;
  /** Joint blocks. */
  readonly num_layers: number;
  /** Single blocks. */
  readonly num_single_layers: number;
  /** Channels of a head. */
  readonly attention_head_dim: number;
  /** Heads of each block; times `attention_head_dim`, the model's width. */
  readonly num_attention_heads: number;
  /** Channels of a prompt embedding. */
  readonly joint_attention_dim: number;
  /** Channels of the sinusoidal embedding of the timestep. */
  readonly timestep_guidance_channels: number;
  /** Gated channels of an MLP, as a multiple of the model's width. */
  readonly mlp_ratio: number;
  /** Channels of a head that each axis of a position turns. */
  readonly axes_dims_rope: readonly number[];
  /** The base of the rotary frequencies. */
  readonly rope_theta: number;
  /** The variance floor of the normalizations. */
  readonly eps: number;
}

/**
 * `transformer/config.json` of a FLUX.2 checkpoint; keys that have no bearing on the arithmetic are dropped.
 *
 * Source: the arguments of diffusers' `Flux2Transformer2DModel`.
 */
export const transformerConfigSchema: z.ZodType<TransformerConfig> = z
  .object({
    patch_size: z.literal(1).default(1),
    in_channels: count.default(128),
    out_channels: count.nullish().transform((channels) => channels ?? null),
    num_layers: z.int().nonnegative().default(8),
    num_single_layers: z.int().nonnegative().default(48),
    attention_head_dim: count.multipleOf(2).default(128),
    num_attention_heads: count.default(48),
    joint_attention_dim: count.default(15_360),
    timestep_guidance_channels: count.multipleOf(2).default(256),
    mlp_ratio: z.number().positive().default(3),
    axes_dims_rope: z.array(count.multipleOf(2)).length(4).default([32, 32, 32, 32]),
    rope_theta: z.number().positive().default(2_000),
    eps: z.number().positive().default(1e-6),
    guidance_embeds: z
      .literal(false, {
        error:
          "a transformer that takes the guidance as an input is FLUX.2-dev's, which is not computed here",
      })
      .nullish(),
  })
  .refine(
    (config) => config.axes_dims_rope.reduce((sum, size) => sum + size, 0) === config.attention_head_dim,
    {
      path: ["axes_dims_rope"],
      error: "the axes' sizes must add up to attention_head_dim",
    },
  );

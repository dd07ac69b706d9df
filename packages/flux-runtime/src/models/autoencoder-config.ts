import { z } from "zod";

const count = z.int().positive();
/** One kind of block only; four of them where the file does not tell. */
const blocks = <Kind extends string>(kind: Kind): z.ZodType<Kind[]> =>
  z.array(z.literal(kind)).min(1).default([kind, kind, kind, kind]);

/** The sizes of a FLUX.2 autoencoder, named as in its file. */
export interface AutoencoderConfig {
  /** Channels of an image: red, green, blue. */
  readonly in_channels: 3;
  /** Channels of an image: red, green, blue. */
  readonly out_channels: 3;
  /** Channels of each encoder block, outermost first. */
  readonly block_out_channels: readonly number[];
  /** Channels of each decoder block, outermost first. */
  readonly decoder_block_out_channels: readonly number[];
  /** Resnet blocks in each encoder block; a decoder block has one more. */
  readonly layers_per_block: number;
  /** Channels of a latent position, before 2 × 2 of them make a token. */
  readonly latent_channels: number;
  /** Groups of every group normalization. */
  readonly norm_num_groups: number;
  /** Whether a 1 × 1 convolution stands behind the encoder. */
  readonly use_quant_conv: boolean;
  /** Whether a 1 × 1 convolution stands before the decoder. */
  readonly use_post_quant_conv: boolean;
  /** Whether the block in the middle of each half attends, between its two resnet blocks. */
  readonly mid_block_add_attention: boolean;
  /** The variance floor of the latent normalization. */
  readonly batch_norm_eps: number;
  /** Latent positions that make a token: height, width. */
  readonly patch_size: readonly [2, 2];
}

/**
 * `vae/config.json` of a FLUX.2 checkpoint; what it leaves out takes the reference's defaults, which are FLUX.2's own.
 *
 * Source: the arguments of diffusers' `AutoencoderKLFlux2`.
 */
export const autoencoderConfigSchema: z.ZodType<AutoencoderConfig> = z
  .object({
    in_channels: z.literal(3).default(3),
    out_channels: z.literal(3).default(3),
    down_block_types: blocks("DownEncoderBlock2D"),
    up_block_types: blocks("UpDecoderBlock2D"),
    block_out_channels: z.array(count).min(1).default([128, 256, 512, 512]),
    decoder_block_out_channels: z.array(count).min(1).nullish(),
    layers_per_block: count.default(2),
    act_fn: z.literal("silu").default("silu"),
    latent_channels: count.default(32),
    norm_num_groups: count.default(32),
    use_quant_conv: z.boolean().default(true),
    use_post_quant_conv: z.boolean().default(true),
    mid_block_add_attention: z.boolean().default(true),
    batch_norm_eps: z.number().positive().default(1e-4),
    patch_size: z.tuple([z.literal(2), z.literal(2)]).default([2, 2]),
  })
  .transform((config) => ({
    ...config,
    decoder_block_out_channels: config.decoder_block_out_channels ?? config.block_out_channels,
  }))
  .refine(
    (config) =>
      config.block_out_channels.length === config.down_block_types.length &&
      config.decoder_block_out_channels.length === config.up_block_types.length,
    { path: ["block_out_channels"], error: "one entry for each block type" },
  );

import { ModelGraph, type ModelGraphOptions } from "../graph/model-graph.ts";
import { GROUP_NORM_EPSILON, midBlock, resnetBlock } from "./autoencoder-blocks.ts";
import type { AutoencoderConfig } from "./autoencoder-config.ts";

/**
 * The decoder half of the FLUX.2 autoencoder as an ONNX model.
 *
 * Input: `latent` [B, latent_channels, h, w]. Output: `sample` [B, 3, f · h, f · w], about [-1, 1], where f doubles with
 * each block but the last.
 *
 * Source: diffusers `AutoencoderKLFlux2.decode`, `Decoder` (models/autoencoders/vae.py).
 */
export function buildAutoencoderDecoder(config: AutoencoderConfig, options: ModelGraphOptions): ModelGraph {
  const g = new ModelGraph("flux2-autoencoder-decoder", options, 21);
  const { norm_num_groups: groups, latent_channels: latentChannels } = config;
  const widths = [...config.decoder_block_out_channels].reverse();
  const latent = g.cast(g.input("latent", "float32", ["B", latentChannels, "h", "w"]), g.computeType);

  let channels = widths[0] ?? latentChannels;
  let x = config.use_post_quant_conv
    ? g.convolution(latent, "post_quant_conv", { in: latentChannels, out: latentChannels, kernel: 1 })
    : latent;
  x = g.convolution(x, "decoder.conv_in", { in: latentChannels, out: channels, kernel: 3 });
  x = midBlock(g, x, "decoder.mid_block", { channels, groups, attention: config.mid_block_add_attention });
  for (const [index, width] of widths.entries()) {
    const block = `decoder.up_blocks.${index}`;
    for (let layer = 0; layer <= config.layers_per_block; layer += 1) {
      x = resnetBlock(g, x, `${block}.resnets.${layer}`, { in: channels, out: width, groups });
      channels = width;
    }
    if (index < widths.length - 1) {
      const same = { in: width, out: width, kernel: 3 };
      x = g.convolution(g.upsampleNearest2x(x), `${block}.upsamplers.0.conv`, same);
    }
  }
  x = g.silu(g.groupNorm(x, "decoder.conv_norm_out", { groups, channels, epsilon: GROUP_NORM_EPSILON }));
  x = g.convolution(x, "decoder.conv_out", { in: channels, out: config.out_channels, kernel: 3 });
  g.output("sample", g.cast(x, "float32"), ["B", config.out_channels, "H", "W"]);
  return g;
}

import { ModelGraph, type ModelGraphOptions } from "../graph/model-graph.ts";
import { GROUP_NORM_EPSILON, midBlock, resnetBlock } from "./autoencoder-blocks.ts";
import type { AutoencoderConfig } from "./autoencoder-config.ts";

/**
 * The encoder half of the FLUX.2 autoencoder as an ONNX model.
 *
 * Input: `sample` [B, 3, H, W] in [-1, 1]. Output: `latent_mode` [B, latent_channels, H / f, W / f], the mean of the
 * latent distribution (the pipeline takes its mode, not a sample), where f doubles with each block but the last.
 *
 * Source: diffusers `AutoencoderKLFlux2.encode`, `Encoder` (models/autoencoders/vae.py).
 */
export function buildAutoencoderEncoder(config: AutoencoderConfig, options: ModelGraphOptions): ModelGraph {
  const g = new ModelGraph("flux2-autoencoder-encoder", options, 21);
  const { block_out_channels: widths, norm_num_groups: groups, latent_channels: latentChannels } = config;
  const sample = g.cast(g.input("sample", "float32", ["B", config.in_channels, "H", "W"]), g.computeType);

  let channels = widths[0] ?? config.in_channels;
  let x = g.convolution(sample, "encoder.conv_in", { in: config.in_channels, out: channels, kernel: 3 });
  for (const [index, width] of widths.entries()) {
    const block = `encoder.down_blocks.${index}`;
    for (let layer = 0; layer < config.layers_per_block; layer += 1) {
      x = resnetBlock(g, x, `${block}.resnets.${layer}`, { in: channels, out: width, groups });
      channels = width;
    }
    if (index < widths.length - 1) {
      // One row and column of zeros at the bottom and the right, none at the top and the left.
      const halving = { in: width, out: width, kernel: 3, stride: 2, pads: [0, 0, 1, 1] };
      x = g.convolution(x, `${block}.downsamplers.0.conv`, halving);
    }
  }
  x = midBlock(g, x, "encoder.mid_block", { channels, groups, attention: config.mid_block_add_attention });
  x = g.silu(g.groupNorm(x, "encoder.conv_norm_out", { groups, channels, epsilon: GROUP_NORM_EPSILON }));
  x = g.convolution(x, "encoder.conv_out", { in: channels, out: 2 * latentChannels, kernel: 3 });
  if (config.use_quant_conv) {
    x = g.convolution(x, "quant_conv", { in: 2 * latentChannels, out: 2 * latentChannels, kernel: 1 });
  }
  const mean = g.slice(x, g.constant("int64", [1], [0]), g.constant("int64", [1], [latentChannels]), 1);
  g.output("latent_mode", g.cast(mean, "float32"), ["B", latentChannels, "h", "w"]);
  return g;
}

import type { Value } from "../graph/graph-builder.ts";
import type { ModelGraph } from "../graph/model-graph.ts";

/** The variance floor of every group normalization in the autoencoder. */
export const GROUP_NORM_EPSILON = 1e-6;

/** The pixels of a latent are a multiple of 4, two rows and two columns of which make a token. */
const QUERY_PARTS = 4;

/**
 * Two normalized 3 × 3 convolutions around a shortcut: x [B, in, H, W] → [B, out, H, W].
 *
 * Source: diffusers `ResnetBlock2D` without a time embedding (models/resnet.py).
 */
export function resnetBlock(
  g: ModelGraph,
  x: Value,
  path: string,
  options: { in: number; out: number; groups: number },
): Value {
  const { in: inChannels, out: outChannels, groups } = options;
  const epsilon = GROUP_NORM_EPSILON;
  const first = g.silu(g.groupNorm(x, `${path}.norm1`, { groups, channels: inChannels, epsilon }));
  const inner = g.convolution(first, `${path}.conv1`, { in: inChannels, out: outChannels, kernel: 3 });
  const second = g.silu(g.groupNorm(inner, `${path}.norm2`, { groups, channels: outChannels, epsilon }));
  const residual = g.convolution(second, `${path}.conv2`, { in: outChannels, out: outChannels, kernel: 3 });
  const shortcut =
    inChannels === outChannels
      ? x
      : g.convolution(x, `${path}.conv_shortcut`, { in: inChannels, out: outChannels, kernel: 1 });
  return g.add(shortcut, residual);
}

/**
 * Resnet block, self-attention over all pixels with one head, resnet block.
 *
 * Source: diffusers `UNetMidBlock2D` (models/unets/unet_2d_blocks.py).
 */
export function midBlock(
  g: ModelGraph,
  x: Value,
  path: string,
  options: { channels: number; groups: number; attention: boolean },
): Value {
  const { channels, groups } = options;
  const same = { in: channels, out: channels, groups };
  let hidden = resnetBlock(g, x, `${path}.resnets.0`, same);
  if (options.attention) {
    const attention = `${path}.attentions.0`;
    const normed = g.groupNorm(hidden, `${attention}.group_norm`, {
      groups,
      channels,
      epsilon: GROUP_NORM_EPSILON,
    });
    const pixels = g.transpose(g.reshape(normed, [0, 0, -1]), [0, 2, 1]); // [B, H · W, C]
    const project = (value: Value, name: string): Value =>
      g.linear(value, `${attention}.${name}`, { in: channels, out: channels, bias: true });
    const attended = g.multiHeadAttention(
      project(pixels, "to_q"),
      project(pixels, "to_k"),
      project(pixels, "to_v"),
      { heads: 1, headSize: channels, queryParts: QUERY_PARTS },
    );
    const image = g.reshapeLike(g.transpose(project(attended, "to_out.0"), [0, 2, 1]), hidden); // [B, C, H, W]
    hidden = g.add(hidden, image);
  }
  return resnetBlock(g, hidden, `${path}.resnets.1`, same);
}

import type { TransformerConfig } from "./transformer-config.ts";

/** A stretch of a projection's input channels that one part of the block produced. */
export interface ProjectionInput {
  /** `attention`: one head after the other; `mlp`: the gated MLP. */
  readonly kind: "attention" | "mlp";
  /** How many of the input's channels. */
  readonly channels: number;
  /** Channels of one head; absent for an MLP. */
  readonly headSize?: number;
}

/** An output projection of the transformer: the linear layer by which a block's attention writes to the stream. */
export interface OutputProjection {
  /** The name of its node in the graph; its weight is called the same, with `.weight` behind. */
  readonly node: string;
  /** The block that it belongs to; `index` counts joint and single blocks apart, from 0. */
  readonly block: { readonly kind: "joint" | "single"; readonly index: number };
  /** Which tokens pass through it: `image` is noise, then references; `all` has the text before them. */
  readonly tokens: "text" | "image" | "all";
  /** What its input channels are, in order. */
  readonly inputs: readonly ProjectionInput[];
}

/**
 * The attention output projections of a transformer: those of the image stream of the joint blocks, then those of the
 * single blocks (whose MLP shares the projection), then those of the text stream of the joint blocks.
 *
 * Source: `to_out.0`, `to_out` and `to_add_out` of diffusers `Flux2Attention` and `Flux2ParallelSelfAttention`.
 */
export function listOutputProjections(config: TransformerConfig): OutputProjection[] {
  const headSize = config.attention_head_dim;
  const attention: ProjectionInput = {
    kind: "attention",
    channels: config.num_attention_heads * headSize,
    headSize,
  };
  const mlp: ProjectionInput = { kind: "mlp", channels: Math.trunc(attention.channels * config.mlp_ratio) };
  const joint = Array.from({ length: config.num_layers }, (_, index) => index);
  const single = Array.from({ length: config.num_single_layers }, (_, index) => index);
  return [
    ...joint.map((index) => ({
      node: `transformer_blocks.${index}.attn.to_out.0`,
      block: { kind: "joint", index } as const,
      tokens: "image" as const,
      inputs: [attention],
    })),
    ...single.map((index) => ({
      node: `single_transformer_blocks.${index}.attn.to_out`,
      block: { kind: "single", index } as const,
      tokens: "all" as const,
      inputs: [attention, mlp],
    })),
    ...joint.map((index) => ({
      node: `transformer_blocks.${index}.attn.to_add_out`,
      block: { kind: "joint", index } as const,
      tokens: "text" as const,
      inputs: [attention],
    })),
  ];
}

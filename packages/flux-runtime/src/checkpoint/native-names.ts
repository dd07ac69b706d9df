import type { LocatedWeight } from "./located-weight.ts";
import { rangeOfRows } from "./range-of-rows.ts";

/** Weights by their names. */
export type NamedWeights = ReadonlyMap<string, LocatedWeight>;

/** What programs put before every name of a model. */
const PREFIX = /^(?:model\.diffusion_model|diffusion_model|first_stage_model|vae)\./;

/** A name without what programs put before every name of a model. */
export function withoutPrefix(name: string): string {
  return name.replace(PREFIX, "");
}

const isNativeTransformer = (name: string): boolean => /^(?:double|single)_blocks\.\d+\./.test(name);
const isNativeAutoencoder = (name: string): boolean =>
  /^(?:(?:encoder\.down|decoder\.up)\.\d+\.block\.|(?:en|de)coder\.mid\.block_)/.test(name);

/**
 * Gives weights the names of diffusers, which the graphs use, where they have those of Black Forest Labs' own code: as in
 * the single files of the makers and of ComfyUI. No byte is copied: a third of a fused projection is a range of its rows, and
 * the halves of the last modulation, which stand the other way round, are marked. Other names stay.
 *
 * Source: diffusers `convert_flux2_transformer_checkpoint_to_diffusers` (loaders/single_file_utils.py) and
 * `convert_flux2_vae_checkpoint_to_diffusers` (scripts/convert_flux2_to_diffusers.py).
 */
export function renameNativeWeights(weights: NamedWeights): NamedWeights {
  const bare = new Map([...weights].map(([name, weight]) => [withoutPrefix(name), weight]));
  const names = [...bare.keys()];
  if (names.some(isNativeTransformer)) return new Map([...bare].flatMap(renameInTransformer));
  if (!names.some(isNativeAutoencoder)) return weights;
  const upBlocks = Math.max(
    0,
    ...names.map((name) => Number(/^decoder\.up\.(\d+)\./.exec(name)?.[1] ?? -1) + 1),
  );
  return new Map([...bare].map((named) => renameInAutoencoder(named, upBlocks)));
}

/** Its halves are shift, then scale. */
const FINAL_MODULATION = "final_layer.adaLN_modulation.1";

/** A weight and its name. */
export type Named = readonly [name: string, weight: LocatedWeight];

/** Beginnings of names outside the blocks. */
const TRANSFORMER_LAYERS: readonly (readonly [native: string, name: string])[] = [
  ["img_in.", "x_embedder."],
  ["txt_in.", "context_embedder."],
  ["time_in.in_layer.", "time_guidance_embed.timestep_embedder.linear_1."],
  ["time_in.out_layer.", "time_guidance_embed.timestep_embedder.linear_2."],
  ["guidance_in.in_layer.", "time_guidance_embed.guidance_embedder.linear_1."],
  ["guidance_in.out_layer.", "time_guidance_embed.guidance_embedder.linear_2."],
  ["double_stream_modulation_img.lin.", "double_stream_modulation_img.linear."],
  ["double_stream_modulation_txt.lin.", "double_stream_modulation_txt.linear."],
  ["single_stream_modulation.lin.", "single_stream_modulation.linear."],
  ["final_layer.linear.", "proj_out."],
];

const DOUBLE_BLOCK: Readonly<Record<string, string>> = {
  "img_attn.norm.query_norm": "attn.norm_q",
  "img_attn.norm.key_norm": "attn.norm_k",
  "img_attn.proj": "attn.to_out.0",
  "img_mlp.0": "ff.linear_in",
  "img_mlp.2": "ff.linear_out",
  "txt_attn.norm.query_norm": "attn.norm_added_q",
  "txt_attn.norm.key_norm": "attn.norm_added_k",
  "txt_attn.proj": "attn.to_add_out",
  "txt_mlp.0": "ff_context.linear_in",
  "txt_mlp.2": "ff_context.linear_out",
};

/** Projections to queries, keys and values that are one matrix, in this order. */
const FUSED: Readonly<Record<string, readonly [string, string, string]>> = {
  "img_attn.qkv": ["attn.to_q", "attn.to_k", "attn.to_v"],
  "txt_attn.qkv": ["attn.add_q_proj", "attn.add_k_proj", "attn.add_v_proj"],
};

const SINGLE_BLOCK: Readonly<Record<string, string>> = {
  linear1: "attn.to_qkv_mlp_proj",
  linear2: "attn.to_out",
  "norm.query_norm": "attn.norm_q",
  "norm.key_norm": "attn.norm_k",
};

/**
 * The names of a transformer's linear layers in the makers' own code, for so many blocks, and those of its norms.
 */
export function listNativeLayers(blocks: { readonly double: number; readonly single: number }): string[] {
  const within = (kind: "double" | "single", layers: readonly string[]): string[] =>
    Array.from({ length: blocks[kind] }, (_, index) =>
      layers.map((layer) => `${kind}_blocks.${index}.${layer}`),
    ).flat();
  return [
    ...TRANSFORMER_LAYERS.map(([native]) => native.slice(0, -1)),
    FINAL_MODULATION,
    ...within("double", [...Object.keys(FUSED), ...Object.keys(DOUBLE_BLOCK)]),
    ...within("single", Object.keys(SINGLE_BLOCK)),
  ];
}

/** A weight of the transformer under the names of diffusers, in parts where several layers share it there; others stay. */
export function renameInTransformer([name, weight]: Named): Named[] {
  if (name === `${FINAL_MODULATION}.weight`) {
    return [["norm_out.linear.weight", { ...weight, halves: "exchanged" }]];
  }
  const [, kind, block = "", layer = "", parameter] =
    /^(double|single)_blocks\.(\d+)\.(.+)\.(weight|scale)$/.exec(name) ?? [];
  if (parameter === undefined) {
    const [native, renamed] = TRANSFORMER_LAYERS.find(([start]) => name.startsWith(start)) ?? ["", ""];
    return [[`${renamed}${name.slice(native.length)}`, weight]];
  }
  if (kind === "single") {
    const renamed = SINGLE_BLOCK[layer];
    return [[renamed === undefined ? name : `single_transformer_blocks.${block}.${renamed}.weight`, weight]];
  }
  const path = `transformer_blocks.${block}`;
  const parts = FUSED[layer];
  if (parts !== undefined) {
    return parts.map((part, index) => {
      const rows = (weight.shape[0] ?? 0) / parts.length;
      return [`${path}.${part}.weight`, rangeOfRows(weight, index * rows, rows)];
    });
  }
  const renamed = DOUBLE_BLOCK[layer];
  return [[renamed === undefined ? name : `${path}.${renamed}.weight`, weight]];
}

/** What parts of names become, one after the other. */
const AUTOENCODER_PARTS: readonly (readonly [native: RegExp, name: string])[] = [
  [/^(encoder)\.quant_conv\./, "quant_conv."],
  [/^(decoder)\.post_quant_conv\./, "post_quant_conv."],
  [/^((?:en|de)coder)\.norm_out\./, "$1.conv_norm_out."],
  [/\.mid\.block_1\./, ".mid_block.resnets.0."],
  [/\.mid\.block_2\./, ".mid_block.resnets.1."],
  [/\.mid\.attn_1\.norm\./, ".mid_block.attentions.0.group_norm."],
  [/\.mid\.attn_1\.proj_out\./, ".mid_block.attentions.0.to_out.0."],
  [/\.mid\.attn_1\.([qkv])\./, ".mid_block.attentions.0.to_$1."],
  [/\.down\.(\d+)\.block\./, ".down_blocks.$1.resnets."],
  [/\.down\.(\d+)\.downsample\./, ".down_blocks.$1.downsamplers.0."],
  [/\.nin_shortcut\./, ".conv_shortcut."],
];

function renameInAutoencoder([name, weight]: Named, upBlocks: number): Named {
  let renamed = AUTOENCODER_PARTS.reduce((sofar, [native, own]) => sofar.replace(native, own), name);
  // Counted from the image there, from the latent here.
  renamed = renamed.replace(
    /\.up\.(\d+)\.(block|upsample)\./,
    (_, index: string, part: string) =>
      `.up_blocks.${upBlocks - 1 - Number(index)}.${part === "block" ? "resnets" : "upsamplers.0"}.`,
  );
  const [rows = 0, columns = 0, ...kernel] = weight.shape;
  const isProjection = /\.attentions\.0\.to_(?:[qkv]|out\.0)\.weight$/.test(renamed);
  // A convolution of one pixel is a matrix.
  if (!isProjection || kernel.some((side) => side !== 1)) return [renamed, weight];
  return [renamed, { ...weight, shape: [rows, columns] }];
}

import type { ComponentWeights } from "../src/checkpoint/component-weights.ts";
import { readTensor } from "../src/checkpoint/read-safetensors.ts";
import type { Tensor } from "../src/tensor.ts";

type Tensors = ReadonlyMap<string, Tensor>;

/** Every weight of a model, by its name. */
export async function readAll({ tensors }: ComponentWeights): Promise<Tensors> {
  const read = new Map<string, Tensor>();
  for (const [name, weight] of tensors) read.set(name, await readTensor(weight.file, weight));
  return read;
}

/** Tensors below each other. */
function stack(tensors: readonly (Tensor | undefined)[]): Tensor {
  const all = tensors.filter((tensor) => tensor !== undefined);
  const rows = all.reduce((sum, { shape }) => sum + (shape[0] ?? 0), 0);
  return {
    data: Float32Array.from(all.flatMap(({ data }) => [...data])),
    shape: [rows, ...(all[0]?.shape.slice(1) ?? [])],
  };
}

/** The transformer as Black Forest Labs' file has it, written from what diffusers' conversion does. */
export function toNativeTransformer(tensors: Tensors, prefix: string): Map<string, Tensor> {
  const native = new Map<string, Tensor>();
  const outer: Record<string, string> = {
    x_embedder: "img_in",
    context_embedder: "txt_in",
    "time_guidance_embed.timestep_embedder.linear_1": "time_in.in_layer",
    "time_guidance_embed.timestep_embedder.linear_2": "time_in.out_layer",
    "double_stream_modulation_img.linear": "double_stream_modulation_img.lin",
    "double_stream_modulation_txt.linear": "double_stream_modulation_txt.lin",
    "single_stream_modulation.linear": "single_stream_modulation.lin",
    proj_out: "final_layer.linear",
  };
  const inner: Record<string, string> = {
    "attn.norm_q.weight": "img_attn.norm.query_norm.scale",
    "attn.norm_k.weight": "img_attn.norm.key_norm.scale",
    "attn.to_out.0.weight": "img_attn.proj.weight",
    "ff.linear_in.weight": "img_mlp.0.weight",
    "ff.linear_out.weight": "img_mlp.2.weight",
    "attn.norm_added_q.weight": "txt_attn.norm.query_norm.scale",
    "attn.norm_added_k.weight": "txt_attn.norm.key_norm.scale",
    "attn.to_add_out.weight": "txt_attn.proj.weight",
    "ff_context.linear_in.weight": "txt_mlp.0.weight",
    "ff_context.linear_out.weight": "txt_mlp.2.weight",
  };
  const single: Record<string, string> = {
    "attn.to_qkv_mlp_proj.weight": "linear1.weight",
    "attn.to_out.weight": "linear2.weight",
    "attn.norm_q.weight": "norm.query_norm.scale",
    "attn.norm_k.weight": "norm.key_norm.scale",
  };
  for (const [name, tensor] of tensors) {
    const [, kind = "", block = "", layer = ""] =
      /^(single_transformer_blocks|transformer_blocks)\.(\d+)\.(.+)$/.exec(name) ?? [];
    if (name === "norm_out.linear.weight") {
      const half = tensor.data.length / 2;
      const data = Float32Array.from([...tensor.data.subarray(half), ...tensor.data.subarray(0, half)]);
      native.set(`${prefix}final_layer.adaLN_modulation.1.weight`, { ...tensor, data });
    } else if (kind === "single_transformer_blocks") {
      native.set(`${prefix}single_blocks.${block}.${single[layer] ?? layer}`, tensor);
    } else if (kind === "transformer_blocks") {
      const path = `transformer_blocks.${block}.attn`;
      const fused = (layers: readonly string[]): Tensor =>
        stack(layers.map((own) => tensors.get(`${path}.${own}.weight`)));
      if (layer === "attn.to_q.weight") {
        native.set(`${prefix}double_blocks.${block}.img_attn.qkv.weight`, fused(["to_q", "to_k", "to_v"]));
      } else if (layer === "attn.add_q_proj.weight") {
        const added = fused(["add_q_proj", "add_k_proj", "add_v_proj"]);
        native.set(`${prefix}double_blocks.${block}.txt_attn.qkv.weight`, added);
      } else if (!/(?:to_[kv]|add_[kv]_proj)\.weight$/.test(layer)) {
        native.set(`${prefix}double_blocks.${block}.${inner[layer] ?? layer}`, tensor);
      }
    } else {
      const layerName = name.slice(0, -".weight".length);
      native.set(`${prefix}${outer[layerName] ?? layerName}.weight`, tensor);
    }
  }
  return native;
}

/** The autoencoder as Black Forest Labs' file has it. */
export function toNativeAutoencoder(tensors: Tensors, upBlocks: number): Map<string, Tensor> {
  return new Map(
    [...tensors].map(([name, tensor]) => {
      const native = name
        .replace(/^quant_conv\./, "encoder.quant_conv.")
        .replace(/^post_quant_conv\./, "decoder.post_quant_conv.")
        .replace(".conv_norm_out.", ".norm_out.")
        .replace(".conv_shortcut.", ".nin_shortcut.")
        .replace(/\.mid_block\.resnets\.(\d)\./, (_, i) => `.mid.block_${Number(i) + 1}.`)
        .replace(".mid_block.attentions.0.group_norm.", ".mid.attn_1.norm.")
        .replace(".mid_block.attentions.0.to_out.0.", ".mid.attn_1.proj_out.")
        .replace(/\.mid_block\.attentions\.0\.to_([qkv])\./, ".mid.attn_1.$1.")
        .replace(/\.down_blocks\.(\d+)\.resnets\./, ".down.$1.block.")
        .replace(/\.down_blocks\.(\d+)\.downsamplers\.0\./, ".down.$1.downsample.")
        .replace(/\.up_blocks\.(\d+)\.resnets\./, (_, i) => `.up.${upBlocks - 1 - Number(i)}.block.`)
        .replace(
          /\.up_blocks\.(\d+)\.upsamplers\.0\./,
          (_, i) => `.up.${upBlocks - 1 - Number(i)}.upsample.`,
        );
      const isProjection = /\.attn_1\.(?:[qkv]|proj_out)\.weight$/.test(native);
      return [native, isProjection ? { ...tensor, shape: [...tensor.shape, 1, 1] } : tensor];
    }),
  );
}

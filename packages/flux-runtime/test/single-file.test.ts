import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Checkpoint } from "../src/checkpoint/checkpoint.ts";
import type { ComponentWeights } from "../src/checkpoint/component-weights.ts";
import { editCheckpoint } from "../src/checkpoint/edit-checkpoint.ts";
import { encodeBfloat16 } from "../src/checkpoint/half-precision.ts";
import { openCheckpoint } from "../src/checkpoint/open-checkpoint.ts";
import { readTensor, readTensors } from "../src/checkpoint/read-safetensors.ts";
import { writeSafetensors, type TensorToWrite } from "../src/checkpoint/write-safetensors.ts";
import { drawNoise } from "../src/pipeline/draw-noise.ts";
import { decodeLatents, encodeImages } from "../src/pipeline/image-latents.ts";
import { openTransformer } from "../src/pipeline/open-transformer.ts";
import { createTorchGenerator } from "../src/sampling/torch-generator.ts";
import { randomizeCheckpoint } from "../src/synthesis/randomize-checkpoint.ts";
import type { Tensor } from "../src/tensor.ts";
import { kleinTiny, openKleinTiny } from "./klein-tiny.ts";

let folder: string;
let original: Checkpoint;
let singleFiles: Record<"transformer" | "textEncoder" | "autoencoder", string>;

type Tensors = ReadonlyMap<string, Tensor>;

async function readAll({ tensors }: ComponentWeights): Promise<Tensors> {
  const read = new Map<string, Tensor>();
  for (const [name, weight] of tensors) read.set(name, await readTensor(weight.file, weight));
  return read;
}

/** Writes tensors that are bfloat16 in the fixture, and stay so. */
async function write(name: string, tensors: ReadonlyMap<string, Tensor>): Promise<string> {
  const path = join(folder, name);
  const stored = [...tensors].map(([own, { data, shape }]): TensorToWrite => {
    return { name: own, shape, dtype: "BF16", data: encodeBfloat16(data) };
  });
  await writeSafetensors(path, stored);
  return path;
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
function toNativeTransformer(tensors: Tensors, prefix: string): Map<string, Tensor> {
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
function toNativeAutoencoder(tensors: Tensors, upBlocks: number): Map<string, Tensor> {
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

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "single-file-"));
  original = await openKleinTiny();
  const { transformer, autoencoder, textEncoder } = original;
  const upBlocks = autoencoder.config.decoder_block_out_channels.length;
  singleFiles = {
    transformer: await write(
      "flux-2-klein.safetensors",
      toNativeTransformer(await readAll(transformer.weights), "model.diffusion_model."),
    ),
    textEncoder: await write("qwen.safetensors", await readAll(textEncoder.weights)),
    autoencoder: await write(
      "flux2-vae.safetensors",
      toNativeAutoencoder(await readAll(autoencoder.weights), upBlocks),
    ),
  };
});
afterAll(() => {
  rmSync(folder, { recursive: true });
});

describe("openCheckpoint(folder, { transformer, textEncoder, autoencoder })", () => {
  const open = (options: Partial<typeof singleFiles>): Promise<Checkpoint> =>
    openCheckpoint(join(kleinTiny, "checkpoint"), options);

  async function velocity(checkpoint: Checkpoint): Promise<Float32Array> {
    const transformer = await openTransformer(checkpoint);
    const channels = checkpoint.transformer.config.joint_attention_dim;
    const promptEmbeds = createTorchGenerator(1).randn([1, 5, channels]);
    const latents = drawNoise(checkpoint, { seed: 0, size: { height: 2, width: 3 } });
    const result = await transformer.predict({ latents, promptEmbeds, timestep: 800 });
    await transformer.close();
    return result.velocity.data;
  }

  it("takes single files of the makers' layout, which compute the same bits", async () => {
    const opened = await open(singleFiles);
    expect([...opened.transformer.weights.tensors.keys()].sort()).toEqual(
      [...original.transformer.weights.tensors.keys()].sort(),
    );
    expect(await velocity(opened)).toEqual(await velocity(original));
    const image = createTorchGenerator(2).randn([1, 3, 32, 32]);
    const [there] = await encodeImages(opened, [image]);
    const [here] = await encodeImages(original, [image]);
    expect(there).toEqual(here);
    if (there === undefined) throw new Error("one image in, one out");
    expect(await decodeLatents(opened, there)).toEqual(await decodeLatents(original, there));
  });

  it("takes a folder, with the configuration in it", async () => {
    const own = join(kleinTiny, "checkpoint", "transformer");
    const opened = await open({ transformer: own });
    expect(opened.transformer.config).toEqual(original.transformer.config);
    expect(opened.transformer.weights.folder).toBe(own);
  });

  it("is copied with some weights changed: parts of fused tensors, exchanged halves, and nothing else", async () => {
    const names = [
      "transformer_blocks.0.attn.to_k.weight",
      "transformer_blocks.0.attn.to_v.weight",
      "single_transformer_blocks.3.attn.to_out.weight",
      "norm_out.linear.weight",
    ];
    const ramp = ({ data }: Tensor): Float32Array => data.map((value, place) => value + place / data.length);
    const edits = { transformer: new Map(names.map((name) => [name, ramp])) };
    const [ofFiles, ofFolder] = [join(folder, "edited-files"), join(folder, "edited-folder")];
    await editCheckpoint(await open(singleFiles), ofFiles, edits);
    await editCheckpoint(original, ofFolder, edits);
    const expected = await velocity(await openCheckpoint(ofFolder));
    expect(await velocity(await openCheckpoint(ofFiles))).toEqual(expected);
    expect(expected).not.toEqual(await velocity(original));
    const encoder = await readTensors(join(ofFiles, "text_encoder/model.safetensors"));
    expect(encoder).toEqual(await readTensors(singleFiles.textEncoder));
  });

  it("gives random weights of the same shape their configurations", async () => {
    const random = join(folder, "random");
    const own = join(folder, "own");
    cpSync(join(kleinTiny, "checkpoint/transformer"), own, { recursive: true });
    const config = JSON.parse(readFileSync(join(own, "config.json"), "utf8")) as Record<string, unknown>;
    writeFileSync(join(own, "config.json"), JSON.stringify({ ...config, note: "its own" }));
    await randomizeCheckpoint(await open({ ...singleFiles, transformer: own }), random);
    const { hasRandomWeights, transformer } = await openCheckpoint(random);
    expect(hasRandomWeights).toBe(true);
    expect(readFileSync(transformer.configFile, "utf8")).toContain("its own");
  });

  it("names what a file lacks, and where it was looked for", async () => {
    const tensors = toNativeTransformer(await readAll(original.transformer.weights), "");
    tensors.delete("double_blocks.0.txt_attn.qkv.weight");
    const cut = await write("cut.safetensors", tensors);
    await expect(open({ transformer: cut })).rejects.toThrow(
      /cut\.safetensors.*lacks 3 of the .*transformer_blocks\.0\.attn\.add_k_proj\.weight/s,
    );
    await expect(open({ autoencoder: singleFiles.transformer })).rejects.toThrow(/flux-2-klein\.safetensors/);
    await expect(open({ textEncoder: join(folder, "none.safetensors") })).rejects.toThrow(
      /none\.safetensors/,
    );
  });
});

import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { Checkpoint } from "../src/checkpoint/checkpoint.ts";
import { readTensor } from "../src/checkpoint/read-safetensors.ts";
import { writeSafetensors } from "../src/checkpoint/write-safetensors.ts";
import { createTorchGenerator } from "../src/sampling/torch-generator.ts";
import type { Tensor } from "../src/tensor.ts";

/** An adapter of one layer, as a trainer has it. */
export interface Matrices {
  /** [rank, in]. */
  readonly down: Tensor;
  /** [out, rank]. */
  readonly up: Tensor;
}

/** An adapter of the layers of diffusers; those of a fused projection have one matrix `down`. */
export type Adapter = ReadonlyMap<string, Matrices>;

const FUSED = /\.attn\.(?:to_[qkv]|add_[qkv]_proj)$/;

/** [out, in] of every linear layer. */
function layerSizes({ transformer }: Checkpoint): Map<string, readonly [number, number]> {
  const sizes = new Map<string, readonly [number, number]>();
  for (const [name, { shape }] of transformer.weights.tensors) {
    const [out = 0, columns = 0] = shape;
    if (shape.length === 2) sizes.set(name.slice(0, -".weight".length), [out, columns]);
  }
  return sizes;
}

/** Random matrices for every linear layer, strong enough to change what the model computes. */
export function drawAdapter(checkpoint: Checkpoint, seed: number, rank: number): Adapter {
  const generator = createTorchGenerator(seed);
  const draw = (shape: readonly [number, number], strength: number): Tensor => {
    const { data } = generator.randn(shape);
    return { data: data.map((value) => value * strength), shape };
  };
  const shared = new Map<string, Tensor>();
  const adapter = new Map<string, Matrices>();
  for (const [layer, [out, columns]] of layerSizes(checkpoint)) {
    const group = layer.replace(FUSED, (path) => (path.includes("add_") ? ".added" : ".own"));
    const down = shared.get(group) ?? draw([rank, columns], 1 / Math.sqrt(columns));
    shared.set(group, down);
    adapter.set(layer, { down, up: draw([out, rank], 0.2) });
  }
  return adapter;
}

/** The weights of a transformer with adapters folded in: sums in float64, stored as float32. */
export async function writeFolded(
  { transformer }: Checkpoint,
  file: string,
  adapters: readonly { readonly adapter: Adapter; readonly factor: number }[],
): Promise<void> {
  const folded = [];
  for (const [name, weight] of transformer.weights.tensors) {
    const { data, shape } = await readTensor(weight.file, weight);
    const sums = Float64Array.from(data);
    const columns = shape[1] ?? 0;
    for (const { adapter, factor } of adapters) {
      const { down, up } = adapter.get(name.slice(0, -".weight".length)) ?? {};
      const rank = up?.shape[1] ?? 0;
      for (let place = 0; place < sums.length; place += 1) {
        const [row, column] = [Math.floor(place / columns), place % columns];
        let product = 0;
        for (let k = 0; k < rank; k += 1) {
          product += (up?.data[row * rank + k] ?? 0) * (down?.data[k * columns + column] ?? 0);
        }
        sums[place] = (sums[place] ?? 0) + factor * product;
      }
    }
    folded.push({ name, shape, data: Float32Array.from(sums) });
  }
  await writeSafetensors(file, folded);
}

/** What the layers of diffusers are called by Black Forest Labs. */
const NATIVE: readonly (readonly [RegExp, string])[] = [
  [/^x_embedder$/, "img_in"],
  [/^context_embedder$/, "txt_in"],
  [/^time_guidance_embed\.timestep_embedder\.linear_1$/, "time_in.in_layer"],
  [/^time_guidance_embed\.timestep_embedder\.linear_2$/, "time_in.out_layer"],
  [/^(.+_modulation\w*)\.linear$/, "$1.lin"],
  [/^norm_out\.linear$/, "final_layer.adaLN_modulation.1"],
  [/^proj_out$/, "final_layer.linear"],
  [/^single_transformer_blocks\.(\d+)\.attn\.to_qkv_mlp_proj$/, "single_blocks.$1.linear1"],
  [/^single_transformer_blocks\.(\d+)\.attn\.to_out$/, "single_blocks.$1.linear2"],
  [/^transformer_blocks\.(\d+)\.attn\.to_[qkv]$/, "double_blocks.$1.img_attn.qkv"],
  [/^transformer_blocks\.(\d+)\.attn\.add_[qkv]_proj$/, "double_blocks.$1.txt_attn.qkv"],
  [/^transformer_blocks\.(\d+)\.attn\.to_out\.0$/, "double_blocks.$1.img_attn.proj"],
  [/^transformer_blocks\.(\d+)\.attn\.to_add_out$/, "double_blocks.$1.txt_attn.proj"],
  [/^transformer_blocks\.(\d+)\.ff\.linear_in$/, "double_blocks.$1.img_mlp.0"],
  [/^transformer_blocks\.(\d+)\.ff\.linear_out$/, "double_blocks.$1.img_mlp.2"],
  [/^transformer_blocks\.(\d+)\.ff_context\.linear_in$/, "double_blocks.$1.txt_mlp.0"],
  [/^transformer_blocks\.(\d+)\.ff_context\.linear_out$/, "double_blocks.$1.txt_mlp.2"],
];

/** The adapter for the makers' layout: fused projections as one module, the halves of the last modulation exchanged. */
export function toNative(adapter: Adapter): Adapter {
  const native = new Map<string, Matrices>();
  const order = ["to_q", "to_k", "to_v", "add_q_proj", "add_k_proj", "add_v_proj"];
  const place = (layer: string): number => order.indexOf(layer.split(".").at(-1) ?? "");
  for (const [layer, { down, up }] of [...adapter].sort(([a], [b]) => place(a) - place(b))) {
    const [pattern, name] = NATIVE.find(([layers]) => layers.test(layer)) ?? [];
    if (pattern === undefined || name === undefined) throw new Error(`no native name for ${layer}`);
    const path = layer.replace(pattern, name);
    const above = native.get(path)?.up;
    const half = up.data.length / 2;
    const rows =
      layer === "norm_out.linear"
        ? [...up.data.subarray(half), ...up.data.subarray(0, half)]
        : [...(above?.data ?? []), ...up.data];
    const data = Float32Array.from(rows);
    native.set(path, {
      down,
      up: { data, shape: [(above?.shape[0] ?? 0) + (up.shape[0] ?? 0), up.shape[1] ?? 0] },
    });
  }
  return native;
}

/** How an adapter file names its tensors. */
export interface Naming {
  readonly module: (path: string) => string;
  readonly down: string;
  readonly up: string;
  /** Written for each module, unless it is left out. */
  readonly alpha?: number;
  readonly metadata?: Readonly<Record<string, string>>;
}

/** Writes an adapter file. */
export async function writeAdapter(
  file: string,
  adapter: Adapter,
  { module, down, up, alpha, metadata = {} }: Naming,
): Promise<string> {
  const tensors = [...adapter].flatMap(([path, matrices]) => [
    { name: `${module(path)}.${down}.weight`, ...matrices.down },
    { name: `${module(path)}.${up}.weight`, ...matrices.up },
    ...(alpha === undefined
      ? []
      : [{ name: `${module(path)}.alpha`, data: Float32Array.of(alpha), shape: [] }]),
  ]);
  await writeSafetensors(file, tensors, { metadata });
  return file;
}

/** Writes a folder as PEFT does, and returns its path. */
export async function writePeftFolder(folder: string, adapter: Adapter, config: object): Promise<string> {
  await mkdir(folder, { recursive: true });
  await writeFile(join(folder, "adapter_config.json"), JSON.stringify(config));
  await writeAdapter(join(folder, "adapter_model.safetensors"), adapter, {
    module: (path) => `base_model.model.${path}`,
    down: "lora_A.default",
    up: "lora_B.default",
  });
  return folder;
}

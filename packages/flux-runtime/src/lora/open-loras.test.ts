import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { openKleinTiny } from "../../test/klein-tiny.ts";
import { writeSafetensors } from "../checkpoint/write-safetensors.ts";
import type { FluxRuntimeErrorCode } from "../errors.ts";
import { openLoras } from "./open-loras.ts";

const folder = mkdtempSync(join(tmpdir(), "open-loras-"));
afterAll(() => {
  rmSync(folder, { recursive: true });
});

const { config } = (await openKleinTiny()).transformer; // C = 64 channels, M = 192
let count = 0;

/** Tensors by their shapes. */
type Shapes = Readonly<Record<string, readonly number[]>>;

async function write(shapes: Shapes, metadata: Record<string, string> = {}): Promise<string> {
  const file = join(folder, `${(count += 1)}.safetensors`);
  const tensors = Object.entries(shapes).map(([name, shape]) => {
    const size = shape.reduce((product, length) => product * length, 1);
    return { name, shape, data: new Float32Array(size).fill(6) };
  });
  await writeSafetensors(file, tensors, { metadata });
  return file;
}

const LAYER = "transformer_blocks.0.attn.to_out.0";

/** A good adapter of one layer under a name. */
const pair = (module: string, rank = 4, [out, columns] = [64, 64]): Shapes => ({
  [`${module}.lora_A.weight`]: [rank, columns],
  [`${module}.lora_B.weight`]: [out, rank],
});

async function layersOf(file: string, scale?: number): Promise<Record<string, number>> {
  const [lora] = await openLoras([{ file, ...(scale === undefined ? {} : { scale }) }], config);
  return Object.fromEntries([...(lora?.layers ?? [])].map(([layer, { factor }]) => [layer, factor]));
}

describe("openLoras multiplies by", () => {
  it("scale · alpha / rank, alpha being the file's own", async () => {
    const file = await write({ ...pair(LAYER), [`${LAYER}.alpha`]: [1] });
    expect(await layersOf(file, -0.5)).toEqual({ [LAYER]: (-0.5 * 6) / 4 });
  });

  it("1 without an alpha", async () => {
    expect(await layersOf(await write(pair(LAYER)))).toEqual({ [LAYER]: 1 });
  });

  it("what PEFT's configuration says, for modules by the ends of their names", async () => {
    const other = "transformer_blocks.1.attn.to_q";
    const shapes = { ...pair(LAYER), ...pair(other, 9), ...pair("transformer_blocks.1.attn.to_k") };
    const settings = {
      lora_alpha: 2,
      r: 4,
      alpha_pattern: { "^transformer_blocks\\.0\\.attn\\.to_out\\.0$": 3 },
    };
    const header = (more: object): Record<string, string> => ({
      lora_adapter_metadata: JSON.stringify({ ...settings, ...more }),
    });
    const plain = await write(shapes, header({ rank_pattern: { to_q: 9 } }));
    expect(await layersOf(plain)).toEqual({
      [LAYER]: 3 / 4,
      [other]: 2 / 9,
      "transformer_blocks.1.attn.to_k": 0.5,
    });
    const stabilised = await write(shapes, header({ rank_pattern: { to_q: 9 }, use_rslora: true }));
    expect(await layersOf(stabilised)).toMatchObject({ [LAYER]: 3 / 2, [other]: 2 / 3 });
  });

  it("what adapter_config.json says, in a folder or next to a file of PEFT's name", async () => {
    const peft = join(folder, "peft");
    mkdirSync(peft);
    await writeSafetensors(join(peft, "adapter_model.safetensors"), [
      { name: `base_model.model.${LAYER}.lora_A.weight`, shape: [1, 64], data: new Float32Array(64) },
      { name: `base_model.model.${LAYER}.lora_B.weight`, shape: [64, 1], data: new Float32Array(64) },
    ]);
    writeFileSync(join(peft, "adapter_config.json"), JSON.stringify({ r: 1, lora_alpha: 8, use_dora: null }));
    expect(await layersOf(peft)).toEqual({ [LAYER]: 8 });
    expect(await layersOf(join(peft, "adapter_model.safetensors"))).toEqual({ [LAYER]: 8 });
    const [lora] = await openLoras([{ file: peft }], config);
    expect(lora?.files).toEqual(
      ["adapter_model.safetensors", "adapter_config.json"].map((name) => join(peft, name)),
    );
  });
});

describe("openLoras reads", () => {
  it.each([
    ["native names without a block", "diffusion_model.img_in", ["x_embedder"], [64, 16]],
    [
      "PEFT's names of native modules",
      "base_model.model.single_blocks.19.linear2",
      ["single_transformer_blocks.19.attn.to_out"],
      [64, 256],
    ],
    ["earlier diffusers' endings", "unet.proj_out", ["proj_out"], [16, 64]],
  ] as const)("%s", async (_, module, layers, size) => {
    expect(Object.keys(await layersOf(await write(pair(module, 2, [...size]))))).toEqual(layers);
  });

  it("a fused projection as three ranges of rows, and the last modulation with its halves exchanged", async () => {
    const file = await write({
      ...pair("double_blocks.2.txt_attn.qkv", 2, [192, 64]),
      ...pair("final_layer.adaLN_modulation.1", 2, [128, 64]),
    });
    const [lora] = await openLoras([{ file }], config);
    const up = (layer: string) => lora?.weights.tensors.get(`${layer}.lora_B.0.weight`);
    const added = ["q", "k", "v"].map((part) => up(`transformer_blocks.2.attn.add_${part}_proj`));
    const [first] = added;
    expect(added.map((weight) => weight?.shape)).toEqual([1, 2, 3].map(() => [64, 2]));
    expect(added.map((weight) => (weight?.byteOffset ?? 0) - (first?.byteOffset ?? 0))).toEqual([
      0, 512, 1024,
    ]);
    expect(up("norm_out.linear")?.halves).toBe("exchanged");
  });
});

describe("openLoras refuses, naming what it is,", () => {
  const dora = { ...pair(LAYER), [`${LAYER}.dora_scale`]: [64, 1] };
  const cases: readonly (readonly [string, Shapes, FluxRuntimeErrorCode, RegExp])[] = [
    ["DoRA", dora, "unsupported-weights", /DoRA.*to_out\.0\.dora_scale shows/],
    ["PEFT's DoRA", { [`${LAYER}.lora_magnitude_vector`]: [64] }, "unsupported-weights", /DoRA/],
    ["LoHa", { [`lora_unet_x.hada_w1_a`]: [4, 4] }, "unsupported-weights", /LoHa/],
    ["LoKr", { [`diffusion_model.x.lokr_w1`]: [4, 4] }, "unsupported-weights", /LoKr/],
    [
      "the text encoder's",
      pair("text_encoder.layers.0.self_attn.q_proj"),
      "unsupported-weights",
      /the text encoder/,
    ],
    ["Kohya's of the text encoder", pair("lora_te1_layers_0_mlp"), "unsupported-weights", /the text encoder/],
    [
      "Qwen's under PEFT's names",
      pair("base_model.model.model.layers.3.mlp.up_proj"),
      "unsupported-weights",
      /the text encoder/,
    ],
    ["biases", { ...pair(LAYER), [`${LAYER}.lora_B.bias`]: [64] }, "unsupported-weights", /with biases/],
    [
      "whole differences",
      { "diffusion_model.img_in.diff": [64, 16] },
      "unsupported-weights",
      /whole differences/,
    ],
    [
      "convolutions",
      { ...pair(LAYER), [`${LAYER}.lora_A.weight`]: [4, 64, 1, 1] },
      "shape-mismatch",
      /convolutions/,
    ],
    ["a model's weights", { "proj_out.weight": [16, 64] }, "unexpected-tensor", /received proj_out\.weight/],
    [
      "layers that are not there",
      { ...pair(LAYER), ...pair("transformer_blocks.9.attn.to_q") },
      "unexpected-tensor",
      /changes 1 layers.*transformer_blocks\.9\.attn\.to_q.*1 others match/,
    ],
    [
      "FLUX.1",
      pair("transformer.single_transformer_blocks.0.proj_mlp"),
      "unexpected-tensor",
      /another model/,
    ],
    ["half an adapter", { [`${LAYER}.lora_A.weight`]: [4, 64] }, "missing-tensor", /lacks the matrix lora_B/],
    ["an alpha alone", { [`${LAYER}.alpha`]: [] }, "missing-tensor", /lacks the matrix lora_A/],
    [
      "different ranks",
      { ...pair(LAYER), [`${LAYER}.lora_B.weight`]: [64, 3] },
      "shape-mismatch",
      /\[4, 64\] and \[64, 3\]/,
    ],
    ["rank 0", pair(LAYER, 0), "shape-mismatch", /\[0, 64\]/],
    [
      "another width",
      pair(LAYER, 4, [64, 128]),
      "shape-mismatch",
      /the transformer has \[64, 64\], the adapter's product \[64, 128\]/,
    ],
    [
      "another width of a fused projection",
      pair("double_blocks.0.img_attn.qkv", 4, [96, 64]),
      "shape-mismatch",
      /has \[192, 64\], the adapter's product \[96, 64\]/,
    ],
    [
      "an alpha of two numbers",
      { ...pair(LAYER), [`${LAYER}.alpha`]: [2] },
      "shape-mismatch",
      /alpha .* one number/,
    ],
    [
      "the same layer twice",
      { ...pair(LAYER), ...pair("double_blocks.0.img_attn.proj") },
      "inconsistent-weights",
      /twice: as transformer_blocks.* and as double_blocks/,
    ],
    [
      "two adapters in one file",
      { ...pair(LAYER), [`${LAYER}.lora_A.second.weight`]: [4, 64] },
      "inconsistent-weights",
      /two adapters/,
    ],
    ["an empty file", {}, "missing-tensor", /holds no tensor/],
  ];
  it.each(cases)("%s", async (_, shapes, code, message) => {
    const file = await write(shapes);
    const opened = openLoras([{ file }], config);
    await expect(opened).rejects.toMatchObject({ code, option: "loras" });
    await expect(opened).rejects.toThrow(message);
    await expect(opened).rejects.toThrow(file);
  });

  it("matrices of integers, and an alpha that is not a number", async () => {
    const file = join(folder, "integers.safetensors");
    const data = new Uint16Array(256);
    await writeSafetensors(file, [
      { name: `${LAYER}.lora_A.weight`, shape: [4, 64], dtype: "U16", data },
      { name: `${LAYER}.lora_B.weight`, shape: [64, 4], dtype: "U16", data },
    ]);
    await expect(openLoras([{ file }], config)).rejects.toThrow(/is U16; expected one of/);
    const endless = join(folder, "endless.safetensors");
    await writeSafetensors(endless, [
      { name: `${LAYER}.lora_A.weight`, shape: [1, 64], data: new Float32Array(64) },
      { name: `${LAYER}.lora_B.weight`, shape: [64, 1], data: new Float32Array(64) },
      { name: `${LAYER}.alpha`, shape: [], data: Float32Array.of(NaN) },
    ]);
    await expect(openLoras([{ file: endless }], config)).rejects.toThrow(
      /alpha .* finite number, but is NaN/,
    );
  });

  it("a scale that is not a finite number", async () => {
    const file = await write(pair(LAYER));
    for (const scale of [NaN, Infinity])
      await expect(openLoras([{ file, scale }], config)).rejects.toMatchObject({ code: "invalid-argument" });
  });

  it.each([
    ["no file", "none.safetensors", "unreadable-file", /There is no adapter/],
    ["a folder without one", ".", "missing-weights", /expected adapter_model\.safetensors or/],
  ] as const)("%s", async (_, name, code, message) => {
    await write({});
    await write({});
    const opened = openLoras([{ file: join(folder, name) }], config);
    await expect(opened).rejects.toMatchObject({ code });
    await expect(opened).rejects.toThrow(message);
  });

  it.each([
    ["another kind of adapter", { peft_type: "LOHA" }, /peft_type/],
    ["DoRA", { use_dora: true }, /DoRA is not read/],
    ["biases", { bias: "lora_only" }, /with biases/],
    ["transposed weights", { fan_in_fan_out: true }, /transposed/],
    ["PiSSA", { init_lora_weights: "pissa_niter_16" }, /initialised from the weights/],
    ["whole layers", { modules_to_save: ["proj_out"] }, /whole layers/],
    [
      "another rank",
      { r: 8 },
      /gives transformer_blocks\.0\.attn\.to_out\.0 the rank 8, but its matrices have 4/,
    ],
    ["patterns", { alpha_pattern: { ".*to_out.*": 2 } }, /the pattern "\.\*to_out\.\*"/],
    ["no rank", { r: undefined }, /at r/],
  ] as const)("a configuration of %s", async (_, change, message) => {
    const json = JSON.stringify({ r: 4, lora_alpha: 4, ...change });
    const file = await write(pair(LAYER), { lora_adapter_metadata: json });
    await expect(openLoras([{ file }], config)).rejects.toThrow(message);
  });

  it("a header that is not JSON", async () => {
    const file = await write(pair(LAYER), { lora_adapter_metadata: "{" });
    await expect(openLoras([{ file }], config)).rejects.toMatchObject({ code: "invalid-config" });
  });
});

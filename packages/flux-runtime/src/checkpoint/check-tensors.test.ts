import { cp, mkdir, mkdtemp, readFile, rename, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { kleinTiny } from "../../test/klein-tiny.ts";
import { rewriteHeader, type NamedTensor } from "../../test/rewrite-header.ts";
import { FluxRuntimeError } from "../errors.ts";
import { openCheckpoint } from "./open-checkpoint.ts";
import { SAFETENSORS_DTYPE_BYTES, type SafetensorsDtype } from "./safetensors-dtype.ts";

const FILES = {
  transformer: "transformer/diffusion_pytorch_model.safetensors",
  vae: "vae/diffusion_pytorch_model.safetensors",
  "text encoder": "text_encoder/model-00002-of-00002.safetensors", // its last layers and norm
} as const;
type File = keyof typeof FILES;

let root: string;
let folder: string;
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), "check-tensors-"));
  folder = join(root, "checkpoint");
  await cp(join(kleinTiny, "checkpoint"), folder, { recursive: true });
});
afterEach(() => rm(root, { recursive: true }));

async function editConfig(component: string, changes: Readonly<Record<string, unknown>>): Promise<void> {
  const path = join(folder, component, "config.json");
  const config = JSON.parse(await readFile(path, "utf8")) as object; // the fixture's own
  await writeFile(path, JSON.stringify({ ...config, ...changes }));
}

/** Takes names out of the index of the text encoder. */
async function dropFromIndex(pattern: RegExp): Promise<void> {
  const path = join(folder, "text_encoder/model.safetensors.index.json");
  const { weight_map } = JSON.parse(await readFile(path, "utf8")) as { weight_map: Record<string, string> }; // the fixture's own
  const kept = Object.entries(weight_map).filter(([name]) => !pattern.test(name));
  await writeFile(path, JSON.stringify({ weight_map: Object.fromEntries(kept) }));
}

/** The error that opening the checkpoint rejects with. */
async function refusal(): Promise<FluxRuntimeError> {
  const error: unknown = await openCheckpoint(folder).catch((reason: unknown) => reason);
  if (error instanceof FluxRuntimeError) return error;
  throw new Error("the checkpoint was opened, or refused by another error", { cause: error });
}

type Change = (tensor: NamedTensor) => readonly NamedTensor[];

/** Changes every matrix, and leaves norms and biases as they are. */
const matrices =
  (change: Change): Change =>
  (tensor) =>
    tensor.shape.length === 2 ? change(tensor) : [tensor];
const renamed =
  (rename: (name: string) => string): Change =>
  (tensor) => [{ ...tensor, name: rename(tensor.name) }];
const and = (tensor: NamedTensor, ...added: readonly [suffix: string, dtype: NamedTensor["dtype"]][]) => [
  tensor,
  ...added.map(([suffix, dtype]) => ({ name: tensor.name + suffix, dtype, shape: [1] })),
];
const withoutWeight = (name: string): string => name.replace(/\.weight$/, "");
const packed = (tensor: NamedTensor, dtype: NamedTensor["dtype"]): NamedTensor => ({ ...tensor, dtype });

describe("a component of a kind that is not read is refused at open, by the name of the kind:", () => {
  const kinds: readonly [kind: string, change: Change, said: RegExp][] = [
    ["fp8 of AMD's kind", matrices((t) => [packed(t, "F8_E4M3FNUZ")]), /fp8 of another kind.*F8_E4M3FNUZ/],
    ["fp4", matrices((tensor) => [packed(tensor, "F4")]), /4-bit or 6-bit floats/],
    [
      "nvfp4 in bytes",
      matrices((t) => [
        { ...packed(t, "U8"), shape: [t.shape[0] ?? 0, (t.shape[1] ?? 0) / 2] },
        ...and(t, ["_scale", "F8_E4M3"], ["_scale_2", "F32"]).slice(1),
      ]),
      /nvfp4.*weight_scale_2 of F32/,
    ],
    ["mxfp8", matrices((t) => and(packed(t, "F8_E4M3"), ["_scale", "F8_E8M0"])), /mxfp8/],
    [
      "bitsandbytes, 4 bits",
      matrices((t) => and(packed(t, "U8"), [".absmax", "F32"], [".quant_state.bitsandbytes__nf4", "U8"])),
      /bitsandbytes/,
    ],
    ["bitsandbytes, 8 bits", matrices((t) => and(packed(t, "I8"), [".SCB", "F32"])), /bitsandbytes/],
    [
      "GPTQ",
      matrices((t) =>
        ["qweight", "qzeros", "scales", "g_idx"].map((part) => ({
          name: `${withoutWeight(t.name)}.${part}`,
          dtype: "I32",
          shape: [1],
        })),
      ),
      /GPTQ, AWQ/,
    ],
    [
      "MLX",
      matrices((t) => [
        packed(t, "U32"),
        { name: `${withoutWeight(t.name)}.scales`, dtype: "BF16", shape: [1] },
        { name: `${withoutWeight(t.name)}.biases`, dtype: "BF16", shape: [1] },
      ]),
      /MLX/,
    ],
    ["torchao", matrices((t) => [{ ...packed(t, "I8"), name: `${t.name}:qdata` }]), /torchao/],
    ["quanto", matrices((t) => [{ ...packed(t, "I8"), name: `${t.name}._data` }]), /quanto/],
    [
      "compressed-tensors",
      matrices((t) => [{ ...packed(t, "I32"), name: `${t.name}_packed` }]),
      /compressed/,
    ],
    ["int8 without a word", matrices((tensor) => [packed(tensor, "I8")]), /integers/],
    [
      "a LoRA",
      matrices((t) => renamed((name) => `transformer.${withoutWeight(name)}.lora_A.weight`)(t)),
      /adapter \(LoRA\).*fuse_lora/,
    ],
    [
      "a single file of Black Forest Labs",
      renamed((name) => name.replace(/^transformer_blocks/, "double_blocks")),
      /single file.*model_index\.json/,
    ],
    [
      "a single file of ComfyUI",
      renamed(
        (name) => `model.diffusion_model.${name.replace(/^single_transformer_blocks/, "single_blocks")}`,
      ),
      /single file/,
    ],
  ];
  it.each(kinds)("%s", async (_, change, said) => {
    await rewriteHeader(join(folder, FILES.transformer), change);
    const error = await refusal();
    expect(error.code).toBe("unsupported-weights");
    expect(error.message).toMatch(said);
    expect(error.message).toContain(join(folder, "transformer"));
  });

  it.each<[File, string, Change, RegExp]>([
    ["text encoder", "fp4", matrices((t) => [packed(t, "F4")]), /text_encoder holds.*4-bit/],
    ["vae", "fp8 of another kind", (t) => [packed(t, "F8_E5M2FNUZ")], /vae holds.*FNUZ/],
  ])("a %s of %s", async (file, _, change, said) => {
    await rewriteHeader(join(folder, FILES[file]), change);
    const error = await refusal();
    expect(error.code).toBe("unsupported-weights");
    expect(error.message).toMatch(said);
  });

  it.each([
    ["transformer", { quantization_config: { quant_method: "bitsandbytes", load_in_4bit: true } }],
    ["text_encoder", { quantization_config: { quant_method: "gptq", bits: 4 } }],
    ["text_encoder", { compression_config: { format: "pack-quantized" } }],
    ["text_encoder", { quantization: { group_size: 64, bits: 4 } }],
  ])("a configuration of the %s that says so: %j", async (component, quantization) => {
    await editConfig(component, quantization);
    const error = await refusal();
    expect(error.code).toBe("unsupported-weights");
    expect(error.message).toContain(join(folder, component, "config.json"));
    expect(error.message).toContain(JSON.stringify(Object.values(quantization)[0]));
  });

  it.each([
    ["flux-2-klein.gguf", /GGUF/],
    ["pytorch_model.bin", /pickled/],
    ["adapter_model.safetensors", /adapter/],
    ["flux-2-klein.safetensors", /single file, as ComfyUI loads it/],
  ])("a folder of %s without model_index.json, and the file itself", async (file, said) => {
    const place = join(root, "download");
    await mkdir(place);
    await writeFile(join(place, file), "");
    for (const path of [place, join(place, file)]) {
      const error: unknown = await openCheckpoint(path).catch((reason: unknown) => reason);
      expect(error).toMatchObject({
        code: "unsupported-weights",
        message: expect.stringMatching(said) as string,
      });
    }
  });

  it("a component that has its weights in GGUF", async () => {
    await rename(join(folder, FILES.transformer), join(folder, "transformer/model.gguf"));
    expect(await refusal()).toMatchObject({
      code: "missing-weights",
      message: expect.stringContaining("GGUF") as string,
    });
  });
});

it("a file opens that has tensors of every type that safetensors has, where they are not read", async () => {
  const types = Object.keys(SAFETENSORS_DTYPE_BYTES) as SafetensorsDtype[]; // its own keys
  let used = 0;
  await rewriteHeader(join(folder, FILES["text encoder"]), (tensor) => {
    if (!/\.layers\.(27|28|29)\./.test(tensor.name)) return [tensor];
    return [packed(tensor, types[used++ % types.length] ?? "F4")];
  });
  expect(used).toBeGreaterThan(types.length);
  const { textEncoder } = await openCheckpoint(folder);
  const held = new Set([...textEncoder.weights.tensors.values()].map(({ dtype }) => dtype));
  expect([...held]).toEqual(expect.arrayContaining(types));
});

it("a transformer that takes the guidance as an input, as FLUX.2-dev's does, is refused by its name", async () => {
  await editConfig("transformer", { guidance_embeds: true });
  expect(await refusal()).toMatchObject({
    code: "invalid-config",
    message: expect.stringMatching(/takes the guidance as an input is FLUX\.2-dev's/) as string,
  });
});

it("a text encoder of FLUX.2-dev is refused by its class", async () => {
  await editConfig("text_encoder", { architectures: ["Mistral3ForConditionalGeneration"] });
  expect(await refusal()).toMatchObject({
    code: "unsupported-config",
    message: expect.stringMatching(/Mistral3ForConditionalGeneration; expected Qwen3ForCausalLM/) as string,
  });
});

describe("a configuration of another model than the weights is refused at open:", () => {
  it.each([
    [
      "transformer",
      { num_layers: 3 },
      "transformer_blocks.3",
      "for 3 transformer_blocks, the weights hold 5",
    ],
    [
      "transformer",
      { num_single_layers: 19 },
      "single_transformer_blocks.19",
      "for 19 single_transformer_blocks",
    ],
    [
      "text_encoder",
      { num_hidden_layers: 27 },
      "model.layers.27",
      "for 27 model.layers, the weights hold 30",
    ],
    ["vae", { layers_per_block: 1 }, "decoder.up_blocks.0.resnets.2", ""],
    ["vae", { mid_block_add_attention: false }, "decoder.mid_block.attentions.0", ""],
    ["vae", { use_quant_conv: false }, "quant_conv.bias", ""],
  ])("less in the %s than the weights: %j", async (component, less, named, counts) => {
    await editConfig(component, less);
    const error = await refusal();
    expect(error.code).toBe("unexpected-tensor");
    expect(error.message).toContain(named);
    expect(error.message).toContain(counts);
    expect(error.details["unexpected"]).toContainEqual(expect.stringContaining(named));
  });

  it.each([
    [
      "transformer",
      { num_layers: 8, num_single_layers: 24 },
      "for 24 single_transformer_blocks, the weights hold 20",
    ],
    ["vae", { layers_per_block: 3 }, "decoder.up_blocks.0.resnets.3"],
  ])("more in the %s than the weights: %j", async (component, more, said) => {
    await editConfig(component, more);
    const error = await refusal();
    expect(error.code).toBe("missing-tensor");
    expect(error.message).toContain(said);
  });

  it.each([
    ["transformer", { mlp_ratio: 2 }, /to_out\.weight.*and 59 more.*expects \[64, 192\].*holds \[64, 256\]/],
    [
      "text_encoder",
      { intermediate_size: 128 },
      /mlp\.down_proj\.weight.*expects \[32, 128\].*holds \[32, 64\]/,
    ],
  ])("another size in the %s: %j", async (component, size, said) => {
    await editConfig(component, size);
    const error = await refusal();
    expect(error.code).toBe("shape-mismatch");
    expect(error.message).toMatch(said);
  });
});

describe("weights that are not the model's are refused at open:", () => {
  it("a type that graphs do not read", async () => {
    await rewriteHeader(join(folder, FILES.transformer), (t) => [packed(t, "F64")]);
    expect(await refusal()).toMatchObject({
      code: "unsupported-dtype",
      message: expect.stringMatching(
        /is F64, and 168 more; expected one of BF16, F16, F32, F8_E4M3, F8_E5M2/,
      ) as string,
    });
  });

  it.each([
    ["more", (name: string) => `module.${name}`, 'the prefix "module." too many'],
    [
      "less",
      (name: string) => name.replace(/^transformer_blocks\./, ""),
      'lack the prefix "transformer_blocks."',
    ],
  ])("names with a prefix %s", async (_, rename, said) => {
    await rewriteHeader(join(folder, FILES.transformer), renamed(rename));
    expect(await refusal()).toMatchObject({
      code: "missing-tensor",
      message: expect.stringContaining(said) as string,
    });
  });

  it("one tensor too many, by name", async () => {
    await rewriteHeader(join(folder, FILES.transformer), (t) =>
      t.name === "proj_out.weight"
        ? [t, { ...t, name: "time_guidance_embed.guidance_embedder.linear_1.weight" }]
        : [t],
    );
    expect(await refusal()).toMatchObject({
      code: "unexpected-tensor",
      details: { unexpected: ["time_guidance_embed.guidance_embedder.linear_1.weight"] },
    });
  });
});

describe("opens a checkpoint", () => {
  it("whose text encoder has a head and a saved rotary buffer, which are not read", async () => {
    await rewriteHeader(join(folder, FILES["text encoder"]), (t) =>
      t.name === "model.norm.weight"
        ? [t, { ...t, name: "lm_head.weight" }, { ...t, name: "model.rotary_emb.inv_freq", dtype: "F32" }]
        : [t],
    );
    await expect(openCheckpoint(folder)).resolves.toHaveProperty("textEncoder");
  });

  it.each(["F16", "F32", "F8_E4M3", "F8_E5M2"] as const)("whose weights are %s", async (dtype) => {
    for (const file of Object.values(FILES)) {
      await rewriteHeader(join(folder, file), (t) => [t.dtype === "BF16" ? { ...t, dtype } : t]);
    }
    await expect(openCheckpoint(folder)).resolves.toHaveProperty("transformer");
  });

  it.each<[string, Change]>([
    [
      "bitsandbytes",
      (t) => and(packed(t, "U8"), [".absmax", "F32"], [".quant_state.bitsandbytes__nf4", "U8"]),
    ],
    ["nvfp4", (t) => and(packed(t, "F4"), ["_scale", "F8_E4M3"], ["_scale_2", "F32"])],
    ["mxfp8", (t) => and(packed(t, "F8_E4M3"), ["_scale", "F8_E8M0"])],
    ["GPTQ", (t) => [{ name: `${withoutWeight(t.name)}.qweight`, dtype: "I32", shape: [1] }]],
    ["fp8 of another kind", (t) => [packed(t, "F8_E4M3FNUZ")]],
  ])("whose last text encoder layers, which are not read, are quantised: %s", async (_, change) => {
    const quantized: string[] = [];
    await rewriteHeader(join(folder, FILES["text encoder"]), (t) => {
      if (!/\.(?:27|28|29)\..*_proj\.weight$/.test(t.name)) return [t];
      quantized.push(t.name);
      return change(t);
    });
    expect(quantized.length).toBeGreaterThan(0);
    await dropFromIndex(/\.(?:27|28|29)\..*_proj/);
    await expect(openCheckpoint(folder)).resolves.toHaveProperty("textEncoder");
  });

  it("whose last text encoder layers were left out: none behind the 27th is read", async () => {
    await rewriteHeader(join(folder, FILES["text encoder"]), (t) =>
      /\.(?:27|28|29)\./.test(t.name) || t.name === "model.norm.weight" ? [] : [t],
    );
    await dropFromIndex(/\.(?:27|28|29)\.|model\.norm/);
    await expect(openCheckpoint(folder)).resolves.toHaveProperty("textEncoder");
  });
});

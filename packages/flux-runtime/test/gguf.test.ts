import { mkdtemp, readdir, rm, stat, utimes, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import type { Checkpoint } from "../src/checkpoint/checkpoint.ts";
import { editCheckpoint } from "../src/checkpoint/edit-checkpoint.ts";
import { encodeBfloat16, encodeFloat16, decodeFloat16 } from "../src/checkpoint/half-precision.ts";
import { openCheckpoint } from "../src/checkpoint/open-checkpoint.ts";
import { readTensor } from "../src/checkpoint/read-safetensors.ts";
import { resolveCheckpoint } from "../src/hub/resolve-checkpoint.ts";
import { drawNoise } from "../src/pipeline/draw-noise.ts";
import { openTransformer } from "../src/pipeline/open-transformer.ts";
import { createTorchGenerator } from "../src/sampling/torch-generator.ts";
import { synthesizeCheckpoint } from "../src/synthesis/synthesize-checkpoint.ts";
import type { Tensor } from "../src/tensor.ts";
import { GGML_TYPE, ggmlQuantizations, randomBlocks } from "./ggml-reference.ts";
import { embedsOf } from "./embeds-of.ts";
import { fewBlocks } from "./few-blocks.ts";
import { readAll, toNativeTransformer } from "./native-layout.ts";
import { writeStored, type StoredTensor } from "./quantize-float8.ts";
import { writeGguf, type GgufTensorToWrite } from "./write-gguf.ts";

let root: string;
let original: Checkpoint;
beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), "gguf-"));
  vi.stubEnv("MEASURE_PLANTAIN_CACHE", join(root, "cache"));
  await synthesizeCheckpoint(join(root, "checkpoint"), {
    ...fewBlocks,
    transformer: { ...fewBlocks.transformer, heads: 8 }, // rows of 256 and more
  });
  original = await openCheckpoint(join(root, "checkpoint"));
});
afterAll(async () => {
  vi.unstubAllEnvs();
  await rm(root, { recursive: true });
});

/** Names of transformers, and those of llama.cpp. */
const LLAMA: readonly (readonly [RegExp, string])[] = [
  [/^model\.layers\.(\d+)\./, "blk.$1."],
  [/^model\.embed_tokens\./, "token_embd."],
  [/^model\.norm\./, "output_norm."],
  [/input_layernorm/, "attn_norm"],
  [/post_attention_layernorm/, "ffn_norm"],
  [/self_attn\.([qk])_norm/, "attn_$1_norm"],
  [/self_attn\.([qkv])_proj/, "attn_$1"],
  [/self_attn\.o_proj/, "attn_output"],
  [/mlp\.(gate|up|down)_proj/, "ffn_$1"],
];
const toLlama = (name: string): string =>
  LLAMA.reduce((sofar, [pattern, replacement]) => sofar.replace(pattern, replacement), name);

const bytesOf = ({ buffer, byteOffset, byteLength }: ArrayBufferView): Uint8Array =>
  new Uint8Array(buffer, byteOffset, byteLength);

/** Writes random weights in GGUF, of several types in turn, and what they stand for in float32 as safetensors. */
async function writeBoth(
  title: string,
  tensors: ReadonlyMap<string, Tensor>,
  nameOf: (name: string) => string = (name) => name,
): Promise<{ gguf: string; float32: string; types: ReadonlySet<string> }> {
  const [gguf, float32] = [join(root, `${title}.gguf`), join(root, `${title}.safetensors`)];
  const [stored, reference, types]: [GgufTensorToWrite[], StoredTensor[], Set<string>] = [[], [], new Set()];
  const add = (
    name: string,
    shape: readonly number[],
    type: keyof typeof GGML_TYPE,
    data: Uint8Array,
    values: Float32Array,
  ): void => {
    types.add(type);
    stored.push({ name: nameOf(name), type: GGML_TYPE[type], shape, data });
    reference.push({ name, shape, dtype: "F32", data: values });
  };
  const names = ["Q8_0", "Q4_K", "Q6_K", "Q5_K", "Q4_0"] as const;
  for (const [index, [name, { data, shape }]] of [...tensors].entries()) {
    const row = shape.at(-1) ?? 0;
    const name_ = names[index % names.length] ?? "Q8_0";
    const type = row % ggmlQuantizations[name_].length === 0 ? name_ : "Q8_0";
    if (shape.length === 1) add(name, shape, "F32", bytesOf(data), data);
    else if (index % 7 === 0)
      add(name, shape, "BF16", bytesOf(encodeBfloat16(data)), data); // as they are already
    else if (index % 11 === 0) {
      const halves = encodeFloat16(data);
      add(name, shape, "F16", bytesOf(halves), decodeFloat16(halves));
    } else {
      const blocks = randomBlocks(ggmlQuantizations[type], data.length, index);
      add(name, shape, type, blocks.data, blocks.values);
    }
  }
  await writeGguf(gguf, stored, { "general.architecture": title });
  await writeStored(float32, reference);
  return { gguf, float32, types };
}

async function velocity(transformerFile: string): Promise<Float32Array> {
  const checkpoint = await openCheckpoint(original.folder, { transformer: transformerFile });
  const transformer = await openTransformer(checkpoint);
  const promptEmbeds = createTorchGenerator(1).randn([
    1,
    5,
    checkpoint.transformer.config.joint_attention_dim,
  ]);
  const latents = drawNoise(checkpoint, { seed: 0, size: { height: 2, width: 3 } });
  const { data } = (await transformer.predict({ latents, promptEmbeds, timestep: 800 })).velocity;
  await transformer.close();
  return data;
}

describe("openCheckpoint(folder, { transformer: FILE.gguf })", () => {
  it("computes the bits that the same values in float32 give, and converts the file once", async () => {
    const native = toNativeTransformer(await readAll(original.transformer.weights), "");
    const { gguf, float32, types } = await writeBoth("flux", native);
    expect([...types].sort()).toEqual(["BF16", "F16", "F32", "Q4_0", "Q4_K", "Q5_K", "Q6_K", "Q8_0"]);
    const expected = await velocity(float32);
    expect(await velocity(gguf)).toEqual(expected);
    expect(expected.every((value) => Number.isFinite(value) && value !== 0)).toBe(true);

    const open = (): Promise<Checkpoint> => openCheckpoint(original.folder, { transformer: gguf });
    const { folder } = (await open()).transformer.weights;
    const made = await stat(folder);
    expect((await stat((await open()).transformer.weights.folder)).mtimeMs).toBe(made.mtimeMs);
    await utimes(gguf, new Date(), new Date(0)); // another file by its date
    expect((await open()).transformer.weights.folder).not.toBe(folder);
    const copies = await readdir(join(root, "cache/gguf-weights"));
    expect(copies.filter((name) => name.startsWith("flux-"))).toHaveLength(2);
    expect(basename(folder)).toBe("model.safetensors");

    const name = "single_transformer_blocks.0.attn.to_out.weight";
    const edits = { transformer: new Map([[name, ({ data }: Tensor) => data.map((value) => -value)]]) };
    const before = await open();
    await editCheckpoint(before, join(root, "edited"), edits);
    const after = await openCheckpoint(join(root, "edited"));
    const [was, is] = await Promise.all(
      [before, after].map(async ({ transformer }) => {
        const weight = transformer.weights.tensors.get(name);
        if (weight === undefined) throw new Error(`${name} is missing`);
        return (await readTensor(weight.file, weight)).data;
      }),
    );
    expect(is).toEqual(was?.map((value) => -value));
  });

  it("is known by its sizes where it is given alone", async () => {
    const known = await resolveCheckpoint("tiny");
    const native = toNativeTransformer(await readAll(known.checkpoint.transformer.weights), "");
    const file = join(root, "tiny-BF16.gguf");
    const stored = [...native].map(([name, { data, shape }]) => {
      return { name, shape, type: GGML_TYPE.BF16, data: bytesOf(encodeBfloat16(data)) };
    });
    await writeGguf(file, stored);
    const { checkpoint } = await resolveCheckpoint(file);
    expect(checkpoint.folder).toBe(known.checkpoint.folder);
    const [there, here] = await Promise.all(
      [checkpoint, known.checkpoint].map(({ transformer }) => readAll(transformer.weights)),
    );
    expect([...(there?.keys() ?? [])].sort()).toEqual([...(here?.keys() ?? [])].sort());
    const fused = "transformer_blocks.4.attn.to_v.weight";
    expect(there?.get(fused)).toEqual(here?.get(fused));
  });

  it("refuses types that are not read, by name, before anything is written", async () => {
    const file = join(root, "small.gguf");
    await writeGguf(file, [
      { name: "img_in.weight", type: GGML_TYPE.Q3_K, shape: [1, 256], data: new Uint8Array(110) },
    ]);
    await expect(openCheckpoint(original.folder, { transformer: file })).rejects.toMatchObject({
      code: "unsupported-weights",
      message: expect.stringMatching(
        /1 tensors of Q3_K, img_in\.weight .*read are F32, F16, BF16, Q4_0/,
      ) as string,
    });
    await writeFile(file, "GGUF");
    await expect(openCheckpoint(original.folder, { transformer: file })).rejects.toMatchObject({
      code: "malformed-gguf",
    });
    const copies = await readdir(join(root, "cache/gguf-weights")).catch(() => []);
    expect(copies.filter((name) => name.startsWith("small"))).toEqual([]);
  });
});

it("a text encoder under the names of llama.cpp gives the bits of float32", async () => {
  const { gguf, float32 } = await writeBoth("qwen3", await readAll(original.textEncoder.weights), toLlama);
  const [there, here] = await Promise.all(
    [gguf, float32].map(async (textEncoder) =>
      embedsOf(await openCheckpoint(original.folder, { textEncoder })),
    ),
  );
  expect(there).toEqual(here);
});

import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import type { Checkpoint } from "../src/checkpoint/checkpoint.ts";
import { openComponentWeights, type ComponentWeights } from "../src/checkpoint/component-weights.ts";
import { decodeFloat8, type Float8Dtype } from "../src/checkpoint/float8.ts";
import { encodeBfloat16 } from "../src/checkpoint/half-precision.ts";
import type { LocatedWeight } from "../src/checkpoint/located-weight.ts";
import { openCheckpoint } from "../src/checkpoint/open-checkpoint.ts";
import { ModelGraph, type ModelGraphOptions } from "../src/graph/model-graph.ts";
import { sizesOfCheckpoint } from "../src/machine/model-sizes.ts";
import { listTensors } from "../src/models/list-tensors.ts";
import { buildTransformer } from "../src/models/transformer.ts";
import { decodeLatents } from "../src/pipeline/image-latents.ts";
import { drawNoise } from "../src/pipeline/draw-noise.ts";
import { openTransformer } from "../src/pipeline/open-transformer.ts";
import { createTorchGenerator } from "../src/sampling/torch-generator.ts";
import { timestepWaves } from "../src/sampling/timestep-waves.ts";
import { openModelSession } from "../src/session/model-session.ts";
import type { SessionTensor } from "../src/session/session-protocol.ts";
import { toTensor } from "../src/session/session-tensors.ts";
import { synthesizeCheckpoint } from "../src/synthesis/synthesize-checkpoint.ts";
import type { Tensor } from "../src/tensor.ts";
import { openConvertedWeights } from "../src/webgpu/converted-weights.ts";
import { deviation } from "./klein-tiny.ts";
import { embedsOf } from "./embeds-of.ts";
import { fewBlocks } from "./few-blocks.ts";
import { readAll, toNativeTransformer } from "./native-layout.ts";
import { quantizeFloat8, writeStored, type Quantization, type StoredTensor } from "./quantize-float8.ts";

let root: string;
let original: Checkpoint;
beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), "float8-"));
  await synthesizeCheckpoint(join(root, "checkpoint"), {
    ...fewBlocks,
    transformer: { ...fewBlocks.transformer, heads: 2 },
  });
  original = await openCheckpoint(join(root, "checkpoint"));
});
afterAll(() => rm(root, { recursive: true }));

/** How a file of fp8 weights is written. */
interface Recipe extends Quantization {
  readonly title: string;
  readonly isQuantized: (name: string, tensor: Tensor) => boolean;
  /** The name and shape of a scale. */
  readonly nameOfScale?: string;
  readonly shapeOfScale?: (rows: number) => readonly number[];
  /** What stands in the file besides, for each quantised layer. */
  readonly companions?: (layer: string) => readonly StoredTensor[];
  readonly markers?: readonly StoredTensor[];
  readonly metadata?: (layers: readonly string[]) => Readonly<Record<string, string>>;
}

const isMatrix = (_: string, { shape }: Tensor): boolean => shape.length === 2;
const note = (format: string): Uint8Array => new TextEncoder().encode(JSON.stringify({ format }));
const scalar = (name: string, value: number): StoredTensor => ({
  ...{ name, dtype: "F32", shape: [], data: Float32Array.of(value) },
});

/** Writes tensors as a recipe says, and the values that this stands for in float32, as two files. */
async function writeBoth(
  tensors: ReadonlyMap<string, Tensor>,
  { isQuantized, nameOfScale = ".weight_scale", shapeOfScale, companions, markers, ...recipe }: Recipe,
): Promise<{ float8: string; float32: string }> {
  const folder = await mkdtemp(join(root, "files-"));
  const [float8, float32] = [join(folder, "float8.safetensors"), join(folder, "float32.safetensors")];
  const [stored, reference, layers]: [StoredTensor[], StoredTensor[], string[]] = [
    [...(markers ?? [])],
    [],
    [],
  ];
  for (const [name, tensor] of tensors) {
    const { data, shape } = tensor;
    if (!isQuantized(name, tensor)) {
      stored.push({ name, shape, dtype: "BF16", data: encodeBfloat16(data) }); // as they are already
      reference.push({ name, shape, dtype: "F32", data });
      continue;
    }
    const { codes, scale, values } = quantizeFloat8(tensor, recipe);
    const layer = name.replace(/\.weight$/, "");
    layers.push(layer);
    stored.push({ name, shape, dtype: recipe.dtype, data: codes });
    if (scale.length > 0) {
      const scaleShape = scale.length === 1 ? [] : (shapeOfScale?.(scale.length) ?? [scale.length]);
      stored.push({ name: layer + nameOfScale, shape: scaleShape, dtype: "F32", data: scale });
    }
    stored.push(...(companions?.(layer) ?? []));
    reference.push({ name, shape, dtype: "F32", data: values.data });
  }
  await writeStored(float8, stored, recipe.metadata?.(layers));
  await writeStored(float32, reference);
  return { float8, float32 };
}

const recipes: readonly (Recipe & { readonly prefix?: string })[] = [
  { title: "every weight, without scales", dtype: "F8_E4M3", scaleOf: "nothing", isQuantized: () => true },
  {
    title: "every matrix, with a scale each",
    ...{ dtype: "F8_E5M2", scaleOf: "tensor", isQuantized: isMatrix },
  },
  {
    title: "a mixed file of Black Forest Labs' layout, with scales of weights and inputs",
    prefix: "",
    ...{ dtype: "F8_E4M3", scaleOf: "tensor" },
    isQuantized: (name) => /_blocks\..*(?:qkv|proj|mlp|linear\d)/.test(name),
    companions: (layer) => [scalar(`${layer}.input_scale`, 3)],
    metadata: (layers) => ({
      _quantization_metadata: JSON.stringify({
        format_version: "1.0",
        layers: Object.fromEntries(layers.map((layer) => [layer, { format: "float8_e4m3fn" }])),
      }),
    }),
  },
  {
    title: "a file of ComfyUI with a marker, its prefix and scales of rows",
    prefix: "model.diffusion_model.",
    ...{ dtype: "F8_E4M3", scaleOf: "row", isQuantized: isMatrix },
    ...{ nameOfScale: ".scale_weight", shapeOfScale: (rows: number) => [rows, 1] },
    companions: (layer) => [scalar(`${layer}.scale_input`, 1)],
    markers: [
      { name: "model.diffusion_model.scaled_fp8", dtype: "F8_E4M3", shape: [1], data: new Uint8Array(1) },
    ],
  },
  {
    title: "a file of ComfyUI with a note on each layer",
    ...{ dtype: "F8_E5M2", scaleOf: "row", isQuantized: isMatrix },
    companions: (layer) => {
      const data = note("float8_e5m2");
      return [{ name: `${layer}.comfy_quant`, dtype: "U8", shape: [data.length], data }];
    },
  },
];

describe("a transformer of fp8 weights computes the bits that the same values in float32 give:", () => {
  async function velocity(file: string): Promise<Float32Array> {
    const checkpoint = await openCheckpoint(original.folder, { transformer: file });
    const transformer = await openTransformer(checkpoint);
    const channels = checkpoint.transformer.config.joint_attention_dim;
    const promptEmbeds = createTorchGenerator(1).randn([1, 5, channels]);
    const latents = drawNoise(checkpoint, { seed: 0, size: { height: 2, width: 3 } });
    const { data } = (await transformer.predict({ latents, promptEmbeds, timestep: 800 })).velocity;
    await transformer.close();
    return data;
  }

  it.each(recipes)("$title ($dtype)", async ({ prefix, ...recipe }) => {
    const own = await readAll(original.transformer.weights);
    const files = await writeBoth(prefix === undefined ? own : toNativeTransformer(own, prefix), recipe);
    const expected = await velocity(files.float32);
    expect(await velocity(files.float8)).toEqual(expected);
    expect(expected.every((value) => Number.isFinite(value) && value !== 0)).toBe(true);
  });
});

it("is counted by its bytes on the disk, and by its numbers on a card", async () => {
  const [recipe] = recipes as [Recipe];
  const files = await writeBoth(await readAll(original.transformer.weights), recipe);
  const open = (transformer: string): Promise<Checkpoint> => openCheckpoint(original.folder, { transformer });
  const [there, here] = [await open(files.float8), original].map(
    (opened) => sizesOfCheckpoint(opened).transformer,
  );
  expect(there).toEqual({ ...here, storedBytes: here?.weights });
  expect(here?.storedBytes).toBe(2 * (here?.weights ?? NaN));
});

describe("a copy for WebGPU, in float16, with the scales of matrices apart", () => {
  it.each(["nothing", "tensor", "row"] as const)(
    "gives what the fp8 weights give: scales of %s",
    async (scaleOf) => {
      const files = await writeBoth(await readAll(original.transformer.weights), {
        ...{ title: "", dtype: "F8_E4M3", scaleOf, isQuantized: isMatrix },
      });
      const { config, weights } = (await openCheckpoint(original.folder, { transformer: files.float8 }))
        .transformer;
      const build = (options: ModelGraphOptions): ModelGraph => buildTransformer(config, options);
      const common = { computeType: "float32", kernels: "webgpu" } as const;
      const required = listTensors((listed) => build({ ...common, weights: listed }));
      vi.stubEnv("MEASURE_PLANTAIN_CACHE", root);
      const copy = await openConvertedWeights(weights, required, { storedType: "float16" });
      const matrix = copy.tensors.get("proj_out.weight");
      expect(matrix?.dtype).toBe(scaleOf === "row" ? "F32" : "F16");
      expect(matrix?.scale === undefined).toBe(scaleOf !== "tensor");

      const run = async (source: ComponentWeights, kernels: "native" | "webgpu"): Promise<Tensor> => {
        const graph = build({ ...common, kernels, weights: source }); // for WebGPU, but of operators that the CPU has, too
        const session = await openModelSession(graph.serialize(), source.externalDataFolder);
        const size = config.timestep_guidance_channels;
        const turn = new Float32Array(5 * (config.attention_head_dim / 2)).fill(0.5);
        const rotary = { type: "float32", data: turn, shape: [5, config.attention_head_dim / 2] } as const;
        const input = (tokens: number, channels: number): SessionTensor => ({
          ...{ type: "float32", ...createTorchGenerator(tokens).randn([1, tokens, channels]) },
        });
        const outputs = await session.run({
          hidden_states: input(2, config.in_channels),
          encoder_hidden_states: input(3, config.joint_attention_dim),
          ...(kernels === "native"
            ? { timestep: { type: "float32", data: Float32Array.of(700), shape: [1] } }
            : { timestep_waves: { type: "float32", data: timestepWaves([700], size), shape: [1, size] } }),
          ...{ rotary_cos: rotary, rotary_sin: rotary },
        });
        await session.close();
        return toTensor(outputs, "velocity");
      };
      expect(deviation(await run(copy, "webgpu"), await run(weights, "native"))).toBeLessThan(1e-5);
    },
  );
});

it.each(["tensor", "row"] as const)(
  "a text encoder of fp8 weights, its table of tokens too, gives the bits of float32: scales of each %s",
  async (scaleOf) => {
    const files = await writeBoth(await readAll(original.textEncoder.weights), {
      ...{ title: "", dtype: "F8_E4M3", scaleOf, isQuantized: isMatrix },
    });
    const [there, here] = await Promise.all(
      [files.float8, files.float32].map(async (textEncoder) =>
        embedsOf(await openCheckpoint(original.folder, { textEncoder })),
      ),
    );
    expect(there).toEqual(here);
  },
);

it("an autoencoder of fp8 weights, its statistics too, gives the bits of bfloat16", async () => {
  const folder = await mkdtemp(join(root, "autoencoder-"));
  const files = [join(folder, "float8.safetensors"), join(folder, "bfloat16.safetensors")] as const;
  const quantized = [...(await readAll(original.autoencoder.weights))].map(([name, tensor]) => {
    const { codes, values } = quantizeFloat8(tensor, { dtype: "F8_E5M2", scaleOf: "nothing" });
    return [
      { name, shape: tensor.shape, dtype: "F8_E5M2", data: codes },
      { name, shape: tensor.shape, dtype: "BF16", data: encodeBfloat16(values.data) },
    ] as const;
  });
  await writeStored(
    files[0],
    quantized.map(([stored]) => stored),
  );
  await writeStored(
    files[1],
    quantized.map(([, stored]) => stored),
  ); // float32 constants would be convolved by other kernels
  const [there, here] = await Promise.all(
    files.map(async (autoencoder) => {
      const checkpoint = await openCheckpoint(original.folder, { autoencoder });
      return decodeLatents(checkpoint, drawNoise(checkpoint, { seed: 3, size: { height: 2, width: 2 } }));
    }),
  );
  expect(there).toEqual(here);
});

it.each<Float8Dtype>(["F8_E4M3", "F8_E5M2"])(
  "ONNX Runtime gives every code of %s its value, in a weight and in a row of a table",
  async (dtype) => {
    const codes = Uint8Array.from({ length: 256 }, (_, code) => code);
    const file = join(root, `${dtype}.safetensors`);
    await writeStored(file, [{ name: "w", dtype, shape: [256, 1], data: codes }]);
    const { tensors } = await openComponentWeights(file);
    const weights = {
      locate: (name: string) => tensors.get(name.replace("table.weight", "w")) as LocatedWeight,
    };
    const g = new ModelGraph("codes", { weights, computeType: "float32" });
    g.output("weight", g.weight("w", [256, 1]), [256, 1]);
    g.output("rows", g.embedding(g.input("ids", "int64", [256]), "table", { rows: 256, size: 1 }), [256, 1]);
    const session = await openModelSession(g.serialize(), root);
    const ids = BigInt64Array.from(codes, BigInt);
    const outputs = await session.run({ ids: { type: "int64", data: ids, shape: [256] } });
    await session.close();
    const expected = decodeFloat8(codes, dtype);
    expect(outputs["weight"]?.data).toEqual(expected);
    expect(outputs["rows"]?.data).toEqual(expected);
  },
);

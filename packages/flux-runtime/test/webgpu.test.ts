import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { findSoftwareGpu } from "@measure-plantain/browser-test";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Checkpoint } from "../src/checkpoint/checkpoint.ts";
import { openComponentWeights } from "../src/checkpoint/component-weights.ts";
import { openCheckpoint } from "../src/checkpoint/open-checkpoint.ts";
import { writeSafetensors } from "../src/checkpoint/write-safetensors.ts";
import { partColumns } from "../src/graph/matrix-parts.ts";
import { ModelGraph, type WeightSource } from "../src/graph/model-graph.ts";
import { listTensors } from "../src/models/list-tensors.ts";
import { decodeLatents, encodeImages, type PackedLatents } from "../src/pipeline/image-latents.ts";
import { drawNoise } from "../src/pipeline/draw-noise.ts";
import { openTextEncoder } from "../src/pipeline/open-text-encoder.ts";
import { openTransformer } from "../src/pipeline/open-transformer.ts";
import type { TransformerPass } from "../src/pipeline/transformer-pass.ts";
import { createTorchGenerator } from "../src/sampling/torch-generator.ts";
import type { Progress } from "../src/progress.ts";
import { openModelSession, type RuntimeOptions } from "../src/session/model-session.ts";
import type { NodePlacement } from "../src/session/node-placement.ts";
import type { Tensor } from "../src/tensor.ts";
import { compareAnswers, knownAnswers, LARGEST_ERROR } from "../src/webgpu/known-answers.ts";
import { examineAdapter } from "../src/webgpu/examine-adapter.ts";
import { openConvertedWeights } from "../src/webgpu/converted-weights.ts";
import { requireBuffer } from "../src/webgpu/require-buffer.ts";
import { chooseDevice } from "../src/machine/choose-device.ts";
import { deviation, openKleinTiny } from "./klein-tiny.ts";
import { drawAdapter, toNative, writeAdapter } from "./lora-files.ts";

const gpu = await findSoftwareGpu();
const cache = mkdtempSync(join(tmpdir(), "webgpu-"));
let checkpoint: Checkpoint;

beforeAll(async () => {
  Object.assign(process.env, gpu, { MEASURE_PLANTAIN_CACHE: cache });
  checkpoint = await openKleinTiny();
});
afterAll(() => {
  rmSync(cache, { recursive: true });
});

test.runIf(process.platform === "linux" && process.arch === "x64")(
  "a software GPU is always found on Linux x64, so that no test is skipped",
  () => {
    expect(gpu).toBeDefined();
  },
);

describe.skipIf(gpu === undefined)("on a software GPU", () => {
  const providers = new Set<string>();
  const webgpu: RuntimeOptions = {
    device: "webgpu",
    onPlacement: (placement: readonly NodePlacement[]) => {
      for (const { provider } of placement) providers.add(provider);
    },
  };
  const onBoth = async <Result>(
    run: (runtime: RuntimeOptions) => Promise<Result>,
  ): Promise<[Result, Result]> => {
    providers.clear();
    const results: [Result, Result] = [await run(webgpu), await run({ device: "cpu" })];
    expect([...providers]).toEqual(["WebGpuExecutionProvider"]);
    return results;
  };

  test("known answers come out right, and the driver is named", async () => {
    // SwiftShader has no float16.
    expect(await examineAdapter()).toEqual({ software: "SwiftShader", storedType: "float32" });
    expect(await chooseDevice("webgpu")).toEqual({
      device: "webgpu",
      provider: "WebGpuExecutionProvider",
      why: "asked for; its driver is SwiftShader, which computes on the CPU",
    });
    expect(await chooseDevice("auto")).toMatchObject({ device: "cpu" });
  });

  test("a large matrix is multiplied in parts, and gives the product of the whole", async () => {
    const [inputs, outputs] = [64, 70_000]; // 18 MB in float32
    expect(partColumns([inputs, outputs]).length).toBe(2);
    const rows = createTorchGenerator(1).randn([outputs, inputs]);
    const x = createTorchGenerator(2).randn([1, 2, inputs]);
    const folder = join(cache, "wide");
    mkdirSync(folder);
    await writeSafetensors(join(folder, "model.safetensors"), [{ name: "wide.weight", ...rows }]);
    const weights = await openComponentWeights(folder);
    const build = (source: WeightSource): ModelGraph => {
      const g = new ModelGraph("wide", { weights: source, computeType: "float32", kernels: "webgpu" });
      const input = g.input("x", "float32", [1, 2, inputs]);
      g.output("y", g.linear(input, "wide", { in: inputs, out: outputs }), [1, 2, outputs]);
      return g;
    };
    const converted = await openConvertedWeights(weights, listTensors(build), { storedType: "float32" });
    const model = build(converted).serialize();
    const session = await openModelSession(model, converted.externalDataFolder, { ...webgpu });
    const { y } = await session.run({ x: { type: "float32", ...x } });
    await session.close();
    expect(y?.shape).toEqual([1, 2, outputs]);
    const expected = Float64Array.from({ length: 2 * outputs }, (_, place) => {
      const [token, channel] = [Math.floor(place / outputs), place % outputs];
      let sum = 0;
      for (let i = 0; i < inputs; i += 1)
        sum += (x.data[token * inputs + i] ?? NaN) * (rows.data[channel * inputs + i] ?? NaN);
      return sum;
    });
    const largest = expected.reduce((most, value) => Math.max(most, Math.abs(value)), 1);
    const wrong = expected.findIndex(
      (value, place) => !(Math.abs(Number(y?.data[place]) - value) <= 1e-5 * largest),
    );
    expect(wrong).toBe(-1);
  });

  test("a weight that the adapter cannot hold is refused before a model is loaded", async () => {
    await requireBuffer([{ name: "small", shape: [300, 1_000, 128] }]); // 154 MB
    await expect(requireBuffer([{ name: "large.weight", shape: [400_000, 1_000] }])).rejects.toThrow(
      /cannot hold a tensor of 1600 MB, which large\.weight takes in float32/,
    );
  });

  test("known answers show that fused attention is wrong", async () => {
    const answers = knownAnswers("native"); // with the operators that the CPU and CUDA share
    const session = await openModelSession(answers.model, tmpdir(), {
      device: "webgpu",
      allowCpuNodes: true,
    });
    const errors = compareAnswers(answers, await session.run(answers.feeds));
    await session.close();
    expect(errors[0]?.what).toMatch(/^attention/);
    expect(errors[0]?.error).toBeGreaterThan(100 * LARGEST_ERROR);
    expect(errors.at(-1)?.error).toBeLessThan(LARGEST_ERROR);
  });

  test("the text encoder computes as on the CPU", async () => {
    const [actual, expected] = await onBoth(async (runtime) => {
      const encoder = await openTextEncoder(checkpoint, {
        ...runtime,
        maxSequenceLength: 48,
        textEncoderLayers: [1, 2, 3],
      });
      const { embeds } = await encoder.encode("a grey object");
      await encoder.close();
      return embeds;
    });
    expect(deviation(actual, expected)).toBeLessThan(1e-5);
  });

  test("both halves of the autoencoder compute as on the CPU", async () => {
    const image = { data: createTorchGenerator(0).randn([1, 3, 32, 48]).data, shape: [1, 3, 32, 48] };
    const [encodedThere, encodedHere] = await onBoth(async (runtime) => {
      const [encoded] = await encodeImages(checkpoint, [image], runtime);
      return encoded as PackedLatents; // one image in, one out
    });
    expect(deviation(encodedThere.tokens, encodedHere.tokens)).toBeLessThan(1e-5);
    const [decodedThere, decodedHere] = await onBoth((runtime) =>
      decodeLatents(checkpoint, encodedHere, runtime),
    );
    expect(deviation(decodedThere, decodedHere)).toBeLessThan(1e-5);
    const copies = readdirSync(join(cache, "webgpu-weights")).filter((name) => name.startsWith("vae-"));
    expect(copies).toHaveLength(1); // the second half adds its weights to those of the first
  });

  test("the transformer computes as on the CPU: alone, two at once, with a reference", async () => {
    const size = { height: 3, width: 5 };
    const pass = (seed: number): TransformerPass => ({
      latents: drawNoise(checkpoint, { seed, size }),
      promptEmbeds: someEmbeds(checkpoint, 7, seed),
      timestep: 700 + seed,
    });
    const reference = { references: [drawNoise(checkpoint, { seed: 9, size: { height: 2, width: 4 } })] };
    const [actual, expected] = await onBoth(async (runtime) => {
      const transformer = await openTransformer(checkpoint, runtime);
      const results = [
        await transformer.predict(pass(1)),
        ...(await transformer.predictBatch([pass(2), pass(3)])),
        await transformer.predict({ ...pass(4), ...reference }),
      ];
      await transformer.close();
      return results.map(({ velocity }) => velocity);
    });
    for (const [index, velocity] of expected.entries()) {
      expect(deviation(actual[index] as Tensor, velocity)).toBeLessThan(1e-5);
    }
  });

  test("an adapter computes as on the CPU, and no weight of the model is converted again for it", async () => {
    const ofModel = (): string[] =>
      readdirSync(join(cache, "webgpu-weights")).filter((name) => name.startsWith("transformer-"));
    const before = ofModel();
    const file = await writeAdapter(
      join(cache, "native.safetensors"),
      toNative(drawAdapter(checkpoint, 5, 2)),
      {
        module: (path) => `diffusion_model.${path}`,
        down: "lora_A",
        up: "lora_B",
        alpha: 1,
      },
    );
    const adapted = await openCheckpoint(checkpoint.folder, { loras: [{ file, scale: 0.4 }] });
    const velocityOf = async (opened: Checkpoint, runtime: RuntimeOptions): Promise<Tensor> => {
      const transformer = await openTransformer(opened, runtime);
      const latents = drawNoise(checkpoint, { seed: 1, size: { height: 2, width: 3 } });
      const promptEmbeds = someEmbeds(checkpoint, 7, 1);
      const { velocity } = await transformer.predict({ latents, promptEmbeds, timestep: 700 });
      await transformer.close();
      return velocity;
    };
    const [actual, expected] = await onBoth((runtime) => velocityOf(adapted, runtime));
    expect(deviation(actual, expected)).toBeLessThan(1e-5);
    expect(deviation(await velocityOf(checkpoint, { device: "cpu" }), expected)).toBeGreaterThan(0.05);
    expect(before).toHaveLength(1);
    expect(ofModel()).toEqual(before);
  });

  test("converted weights are made once, go on where they stopped, and are made again where they were changed", async () => {
    rmSync(join(cache, "webgpu-weights"), { recursive: true });
    const open = async (signal?: AbortSignal): Promise<Progress[]> => {
      const told: Progress[] = [];
      const options = {
        device: "webgpu",
        onConvertWeights: (progress: Progress) => told.push(progress),
      } as const;
      await (await openTransformer(checkpoint, { ...options, ...(signal && { signal }) })).close();
      return told;
    };
    const stop = new AbortController();
    const stopped = openTransformer(checkpoint, {
      device: "webgpu",
      signal: stop.signal,
      onConvertWeights: ({ done }) => {
        if (done > 0) stop.abort(new Error("enough"));
      },
    });
    await expect(stopped).rejects.toThrow("enough");
    const [folder = ""] = readdirSync(join(cache, "webgpu-weights")).map((name) =>
      join(cache, "webgpu-weights", name),
    );
    const first = readdirSync(folder);
    expect(first).toHaveLength(1); // one weight, no lock, no index
    const told = await open();
    expect(told.at(-1)?.done).toBe(told.at(-1)?.total);
    expect(told).toHaveLength(readdirSync(folder).length - 1); // a start, every weight but the first; and an index
    expect(await open()).toEqual([]);
    writeFileSync(join(folder, first[0] ?? ""), "not a weight");
    expect(await open()).toHaveLength(2);
    expect(existsSync(join(folder, "model.safetensors.index.json"))).toBe(true);
  });
});

/** Embeddings of about the size that the text encoder gives. */
function someEmbeds({ transformer }: Checkpoint, tokens: number, seed: number): Tensor {
  const channels = transformer.config.joint_attention_dim;
  const data = Float32Array.from({ length: tokens * channels }, (_, i) => Math.sin(i * 12.9898 + seed));
  return { data, shape: [1, tokens, channels] };
}

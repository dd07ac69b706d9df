import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it, vi } from "vitest";
import { openComponentWeights, type ComponentWeights } from "../src/checkpoint/component-weights.ts";
import { partColumns } from "../src/graph/matrix-parts.ts";
import { ModelGraph } from "../src/graph/model-graph.ts";
import { createTorchGenerator } from "../src/sampling/torch-generator.ts";
import { openModelSession } from "../src/session/model-session.ts";
import { toTensor } from "../src/session/session-tensors.ts";
import type { Tensor } from "../src/tensor.ts";
import { openConvertedWeights } from "../src/webgpu/converted-weights.ts";
import { deviation } from "./klein-tiny.ts";
import { writeStored } from "./quantize-float8.ts";

let root: string;
beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), "float8-parts-"));
  vi.stubEnv("MEASURE_PLANTAIN_CACHE", root);
});
afterAll(async () => {
  vi.unstubAllEnvs();
  await rm(root, { recursive: true });
});

it("a matrix in fp8 that WebGPU takes in parts is scaled in each of them", async () => {
  const size = { in: 16, out: 300_000 };
  const [name, shape] = ["layer.weight", [size.in, size.out]];
  expect(partColumns(shape).length).toBeGreaterThan(1);
  const codes = Uint8Array.from(
    { length: size.in * size.out },
    (_, i) => (Math.imul(i, 2_654_435_761) >>> 24) & 0xbf,
  );
  const file = join(root, "large.safetensors");
  await writeStored(file, [
    { name, dtype: "F8_E4M3", shape: [size.out, size.in], data: codes },
    { name: "layer.weight_scale", dtype: "F32", shape: [], data: Float32Array.of(0.3) },
  ]);
  const weights = await openComponentWeights(file);
  const copy = await openConvertedWeights(weights, [{ name, shape, layout: "transposed" }], {
    storedType: "float16",
  });
  const x = createTorchGenerator(1).randn([1, size.in]);
  const multiply = async (source: ComponentWeights, kernels: "native" | "webgpu"): Promise<Tensor> => {
    const g = new ModelGraph("large", { weights: source, computeType: "float32", kernels });
    g.output("y", g.linear(g.input("x", "float32", [1, size.in]), "layer", size), [1, size.out]);
    const session = await openModelSession(g.serialize(), source.externalDataFolder);
    const outputs = await session.run({ x: { type: "float32", ...x } });
    await session.close();
    return toTensor(outputs, "y");
  };
  expect(deviation(await multiply(copy, "webgpu"), await multiply(weights, "native"))).toBeLessThan(1e-5);
});

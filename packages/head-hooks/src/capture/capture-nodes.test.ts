import { execFile } from "node:child_process";
import { mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import * as ort from "onnxruntime-node";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { layeredModel } from "../../test/layered-model.ts";
import { hookModel } from "../hook/hook-model.ts";
import type { HookOptions } from "../hook/hook-options.ts";

const MIB = 2 ** 20;
let folder = "";

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "head-hooks-order-"));
});

afterAll(async () => {
  await rm(folder, { recursive: true });
});

/** The names of the nodes that ran, in the order in which they ran. */
async function executionOrder(
  model: Uint8Array,
  options: ort.InferenceSession.SessionOptions,
): Promise<string[]> {
  const prefix = `profile-${Math.random().toString(36).slice(2)}`;
  const session = await ort.InferenceSession.create(model, {
    enableProfiling: true,
    profileFilePrefix: join(folder, prefix),
    logSeverityLevel: 3,
    intraOpNumThreads: 1,
    ...options,
  });
  const inputs: Record<string, ort.Tensor> = {
    x: new ort.Tensor("float32", new Float32Array(24), [1, 3, 8]),
  };
  if (session.inputNames.includes("segments")) {
    inputs["segments"] = new ort.Tensor("int64", BigInt64Array.of(0n, 3n), [1, 2]);
  }
  await session.run(inputs);
  session.endProfiling();
  await session.release();
  const file = (await readdir(folder)).find((name) => name.startsWith(prefix));
  // The profile is ONNX Runtime's own: a list of events with a name each.
  const events = JSON.parse(await readFile(join(folder, file ?? ""), "utf8")) as { name: string }[];
  return events.flatMap(({ name }) =>
    name.endsWith("_kernel_time") ? [name.slice(0, -"_kernel_time".length)] : [],
  );
}

describe("captureNodes", () => {
  it.each(
    (["disabled", "all"] as const).flatMap((level) =>
      [false, true].flatMap((segments) =>
        [false, true].map((channelMeans) => ({ level, segments, channelMeans })),
      ),
    ),
  )(
    "reduces each layer before the next layer runs ($level, segments: $segments, channel means: $channelMeans)",
    async ({ level, segments, channelMeans }) => {
      const layers = 6;
      const { model, layout } = hookModel(layeredModel(layers, 8, 16), {
        groupSize: 4,
        // The order of the units is not the order of the graph: it must not decide when a tap runs.
        taps: [{ at: "layer.5.out" }, { at: /^layer\.[024]\.out$/ }, { at: /^layer\.[13]\.out$/ }],
        segments,
        channelMeans,
        keepOutputs: false,
      });
      const order = await executionOrder(model, { graphOptimizationLevel: level });
      for (let layer = 0; layer + 1 < layers; layer++) {
        const tap = layout.taps.findIndex(({ node }) => node === `layer.${layer}.out`);
        for (const reduction of ["sum_square", ...(channelMeans ? ["channel_mean"] : [])]) {
          const reduced = order.indexOf(`mean_square/${tap}/${reduction}`);
          expect(reduced).toBeGreaterThan(order.indexOf(`layer.${layer}.hidden`));
          expect(reduced).toBeLessThan(order.indexOf(`layer.${layer + 1}.up`));
        }
      }
    },
  );

  it.each([true, false])(
    "leaves each weight's Cast where it runs right before its projection (keepOutputs: %s)",
    async (keepOutputs) => {
      const layers = 6;
      const options = { groupSize: 4, taps: [{ at: "layer.*.out" }], keepOutputs };
      const { model } = hookModel(layeredModel(layers, 8, 16), options);
      const order = await executionOrder(model, { graphOptimizationLevel: "disabled" });
      expect(order.includes(`layer.${layers - 1}.out`)).toBe(keepOutputs);
      for (let layer = 0; layer < (keepOutputs ? layers : layers - 1); layer++) {
        const projected = order.indexOf(`layer.${layer}.out`);
        expect(order.indexOf(`layer.${layer}.cast`)).toBe(projected - 1);
      }
    },
  );

  it.each<Partial<HookOptions>>([
    {},
    { segments: true },
    { keepOutputs: false },
    { keepOutputs: false, channelMeans: true },
  ])("needs no more memory for more layers: %o", async (settings) => {
    const { segments } = settings;
    // One hidden tensor takes 16 MiB; 24 layers that stayed alive would take 384 MiB.
    const [tokens, width, wide] = [1024, 32, 4096];
    const grown = async (layers: number): Promise<number> => {
      const options = { groupSize: 16, taps: [{ at: "layer.*.out" }], ...settings };
      const path = join(folder, `${layers}.onnx`);
      await writeFile(path, hookModel(layeredModel(layers, width, wide), options).model);
      const script = join(import.meta.dirname, "../../test/measure-memory.mjs");
      const args = [script, path, tokens, width, segments === true ? 1 : 0].map(String);
      const { stdout } = await promisify(execFile)(process.execPath, args);
      return Number(stdout);
    };
    const few = await grown(3);
    const many = await grown(24);
    expect(few).toBeGreaterThan(16 * MIB);
    expect(many - few).toBeLessThan(32 * MIB);
  });
});

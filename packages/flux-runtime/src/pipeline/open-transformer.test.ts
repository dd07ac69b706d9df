import { beforeEach, describe, expect, it, vi } from "vitest";
import { openKleinTiny } from "../../test/klein-tiny.ts";
import type { Checkpoint } from "../checkpoint/checkpoint.ts";
import { createFlowMatchSchedule } from "../sampling/flow-match-schedule.ts";
import type { SessionTensors } from "../session/session-protocol.ts";
import { drawNoise } from "./draw-noise.ts";
import { openTransformer, type TransformerOptions } from "./open-transformer.ts";
import type { TransformerPass } from "./transformer-pass.ts";

// A session that keeps what it is given: 16-bit graphs need a GPU to run, but not to be fed.
const fed: SessionTensors[] = [];
vi.mock("../session/model-session.ts", () => ({
  openModelSession: () =>
    Promise.resolve({
      run: (feeds: SessionTensors) => {
        fed.push(feeds);
        const { shape = [] } = feeds["hidden_states"] ?? {};
        const data = new Float32Array(shape.reduce((count, axis) => count * axis, 1));
        return Promise.resolve({ velocity: { type: "float32", data, shape } });
      },
      close: () => Promise.resolve(),
    }),
}));

let checkpoint: Checkpoint;
let pass: TransformerPass;
beforeEach(async () => {
  fed.length = 0;
  checkpoint = await openKleinTiny();
  pass = {
    latents: drawNoise(checkpoint, { seed: 0, size: { height: 2, width: 3 } }),
    promptEmbeds: { data: new Float32Array(4 * 96), shape: [1, 4, 96] },
    timestep: 1_000,
  };
});

describe("the transformer is given the timestep as the reference rounds it", () => {
  const timestepsFed = async (options: TransformerOptions, timesteps: readonly number[]) => {
    const transformer = await openTransformer(checkpoint, options);
    await transformer.predictBatch(timesteps.map((timestep) => ({ ...pass, timestep })));
    return [...(fed[0]?.["timestep"]?.data ?? [])];
  };

  it.each([
    ["bfloat16, CUDA's default", { device: "cuda" }, [1_000, 984, 924, 716]],
    ["float16", { device: "cuda", dtype: "float16" }, [1_000, 982.5, 925.5, 718]],
  ] as const)("in %s", async (_, options, expected) => {
    expect(await timestepsFed(options, [1_000, 982.45, 925.58, 717.82])).toEqual(expected);
  });

  it.each([{}, { device: "cuda", dtype: "float32" }] as const)("in float32, %j", async (options) => {
    const { timesteps } = createFlowMatchSchedule(checkpoint.scheduler, {
      imageSequenceLength: 6,
      steps: 14,
    });
    const expected = [...timesteps].map((timestep) => Math.fround(Math.fround(timestep / 1_000) * 1_000));
    expect(await timestepsFed(options, [...timesteps])).toEqual(expected);
  });
});

describe("a pass is refused before it runs, for", () => {
  const zeros = (length: number, shape: readonly number[]) => ({ data: new Float32Array(length), shape });
  const grid = (tokens: number, height: number, width: number) => ({
    tokens: zeros(tokens * 16, [1, tokens, 16]),
    size: { height, width },
  });

  const cases: readonly [string, Partial<TransformerPass>, RegExp][] = [
    ["too few embeddings", { promptEmbeds: zeros(30, [1, 4, 96]) }, /embeddings must be 384 values.* 30\./],
    [
      "too many embeddings",
      { promptEmbeds: zeros(500, [1, 4, 96]) },
      /embeddings must be 384 values.* 500\./,
    ],
    ["embeddings of another width", { promptEmbeds: zeros(4 * 8, [1, 4, 8]) }, /\[1, S, 96\]/],
    [
      "too few latents",
      { latents: { tokens: zeros(3, [1, 6, 16]), size: { height: 2, width: 3 } } },
      /latent tokens must be 96 values.* 3\./,
    ],
    [
      "too few values of a reference",
      { references: [{ tokens: zeros(3, [1, 6, 16]), size: { height: 2, width: 3 } }] },
      /latent tokens must be 96 values.* 3\./,
    ],
    ["a grid of negative sides", { latents: grid(16, -4, -4) }, /positive integers as its sides, but is -4/],
    ["a grid of half rows", { latents: grid(16, 0.5, 32) }, /positive integers as its sides, but is 0\.5/],
    ["a timestep that is not a number", { timestep: NaN }, /timestep must be a finite number.* NaN/],
    ["an endless timestep", { timestep: Infinity }, /timestep must be a finite number.* Infinity/],
    [
      "no timestep",
      { timestep: undefined as unknown as number }, // what a caller without types can do
      /timestep must be a finite number.* undefined/,
    ],
  ];
  it.each(cases)("%s", async (_, change, message) => {
    const transformer = await openTransformer(checkpoint);
    const predicted = transformer.predict({ ...pass, ...change });
    await expect(predicted).rejects.toMatchObject({ code: "invalid-argument" });
    await expect(predicted).rejects.toThrow(message);
    expect(fed).toEqual([]);
  });
});

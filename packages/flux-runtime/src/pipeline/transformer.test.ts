import { beforeEach, describe, expect, it, vi } from "vitest";
import { openKleinTiny } from "../../test/klein-tiny.ts";
import type { Checkpoint } from "../checkpoint/open-checkpoint.ts";
import { createFlowMatchSchedule } from "../sampling/flow-match-schedule.ts";
import type { SessionTensors } from "../session/session-protocol.ts";
import { drawNoise } from "./generate.ts";
import { openTransformer, type TransformerOptions, type TransformerPass } from "./transformer.ts";

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

import { join } from "node:path";
import { buildTransformerModel, openCheckpoint, type ComputeType } from "@measure-plantain/flux-runtime";
import { hookModel, type HookOptions } from "@measure-plantain/head-hooks";
import { describe, expect, it } from "vitest";
import { findMisplacedNodes, type MisplacedNode } from "../../flux-runtime/test/cuda-placement.ts";
import { chooseGroupSize, optionalTaps, planTaps } from "../src/captures/plan-taps.ts";

const fixture = join(import.meta.dirname, "../../flux-runtime/test/fixtures/klein-tiny/checkpoint");

/** What a transformer with the probe's hooks leaves to the CPU. */
async function findMisplaced(dtype: ComputeType, options: HookOptions): Promise<MisplacedNode[]> {
  const checkpoint = await openCheckpoint(fixture);
  const plain = await buildTransformerModel(checkpoint, { device: "cuda", dtype });
  const { model } = hookModel(plain, {
    taps: planTaps(checkpoint, optionalTaps),
    groupSize: chooseGroupSize(checkpoint),
    ...options,
  });
  return findMisplacedNodes(model);
}

describe.each<ComputeType>(["bfloat16", "float16", "float32"])(
  "every node of a hooked transformer has a kernel on CUDA, in %s",
  (dtype) => {
    it("over the whole sequence", async () => {
      expect(await findMisplaced(dtype, { segments: false })).toEqual([]);
    });

    it("with the mean of every channel, over the whole sequence and for each segment", async () => {
      for (const segments of [false, true])
        expect(await findMisplaced(dtype, { segments, channelMeans: true })).toEqual([]);
    });

    it("with a factor per unit", async () => {
      expect(await findMisplaced(dtype, { segments: false, scale: true })).toEqual([]);
    });

    it("with a factor per unit and an offset per channel", async () => {
      const scale = { offset: "offset" };
      expect(await findMisplaced(dtype, { segments: false, scale })).toEqual([]);
    });

    it("for each segment of the tokens", async () => {
      expect(await findMisplaced(dtype, { segments: true })).toEqual([]);
    });
  },
);

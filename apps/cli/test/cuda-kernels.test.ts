import { join } from "node:path";
import { buildTransformerModel, openCheckpoint, type ComputeType } from "@measure-plantain/flux-runtime";
import { hookModel, type HookOptions } from "@measure-plantain/head-hooks";
import { describe, expect, it } from "vitest";
import {
  findMisplacedNodes,
  HOST_REASON,
  type MisplacedNode,
} from "../../../packages/flux-runtime/test/cuda-placement.ts";
import { chooseGroupSize, optionalTaps, planTaps } from "../src/probe/plan-taps.ts";

const fixture = join(
  import.meta.dirname,
  "../../../packages/flux-runtime/test/fixtures/klein-tiny/checkpoint",
);

/** What a transformer with the probe's hooks leaves to the CPU. */
async function findMisplaced(dtype: ComputeType, options: HookOptions): Promise<MisplacedNode[]> {
  const checkpoint = await openCheckpoint(fixture);
  const plain = buildTransformerModel(checkpoint, { device: "cuda", dtype });
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

    it("with a factor per unit", async () => {
      expect(await findMisplaced(dtype, { segments: false, scale: true })).toEqual([]);
    });

    it("for each segment of the tokens", async () => {
      const misplaced = await findMisplaced(dtype, { segments: true });
      expect(misplaced.filter(({ reason }) => reason !== HOST_REASON)).toEqual([]);
    });

    // ONNX Runtime moves the arithmetic on token counts (Gather and Concat behind Shape) to the CPU, which a session with
    // `session.disable_cpu_ep_fallback` refuses.
    it.fails("for each segment of the tokens, with nothing that ONNX Runtime moves to the CPU", async () => {
      expect(await findMisplaced(dtype, { segments: true })).toEqual([]);
    });
  },
);

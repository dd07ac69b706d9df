import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { openCheckpoint } from "../checkpoint/open-checkpoint.ts";
import { getCheckpointSpec } from "../synthesis/checkpoint-spec.ts";
import { synthesizeCheckpoint } from "../synthesis/synthesize-checkpoint.ts";
import { estimateRun, transformerOperations } from "./estimate-run.ts";
import { sizesOfCheckpoint, sizesOfSpec } from "./model-sizes.ts";

const klein = sizesOfSpec(getCheckpointSpec("klein-4b"));
const published = { width: 1_024, height: 1_024, textTokens: 512, passes: 50, referenceSteps: 14 };

describe("estimateRun", () => {
  it("counts the operations of a Klein 4B pass: 3.07e9 weights a token, and the attention", () => {
    const weights = 25 * 13 * 3_072 ** 2;
    const attention = 25 * 4 * 1_024 ** 2 * 3_072;
    expect(transformerOperations(klein.transformer, 1_024)).toBe(2 * weights * 1_024 + attention);
  });

  it("lies within a fifth of the memory that was measured at 256 × 256 pixels (docs/performance.md)", () => {
    const { stages } = estimateRun(klein, 1e11, { ...published, width: 256, height: 256, numberSize: 4 });
    const capture = stages.find(({ stage }) => stage === "single passes");
    expect(capture?.passes).toBe(50);
    expect((capture?.privateMemory ?? 0) / 1.43e9).toBeCloseTo(1, 0.7);
    expect((capture?.residentMemory ?? 0) / 9.25e9).toBeCloseTo(1, 0.7);
  });

  it("takes half the time at twice the throughput, and more at a larger size", () => {
    const slow = estimateRun(klein, 1e11, { ...published, numberSize: 4 });
    const fast = estimateRun(klein, 2e11, { ...published, numberSize: 4 });
    const small = estimateRun(klein, 1e11, { ...published, width: 512, height: 512, numberSize: 4 });
    expect(fast.seconds).toBeCloseTo(slow.seconds / 2, 6);
    expect(small.seconds).toBeLessThan(slow.seconds / 3);
    expect(small.privateMemory).toBeLessThan(slow.privateMemory);
  });

  it("takes a distilled model for one pass a step, and one prompt of the reference", () => {
    const passesOf = (name: string): number[] =>
      estimateRun(sizesOfSpec(getCheckpointSpec(name)), 1e11, { ...published, numberSize: 4 }).stages.map(
        ({ passes }) => passes,
      );
    expect(passesOf("klein-9b")).toEqual([52, 28, 1, 1, 50]);
    expect(passesOf("klein-9b-distilled")).toEqual([51, 14, 1, 1, 50]);
  });

  it("counts the operations of a Klein 9B pass: 32 blocks of 4,096 channels", () => {
    const { transformer } = sizesOfSpec(getCheckpointSpec("klein-9b"));
    const attention = 32 * 4 * 1_024 ** 2 * 4_096;
    expect(transformerOperations(transformer, 1_024)).toBe(2 * 32 * 13 * 4_096 ** 2 * 1_024 + attention);
  });

  it("counts a specification as the checkpoint that is made from it", async () => {
    const folder = await mkdtemp(join(tmpdir(), "sizes-"));
    const spec = getCheckpointSpec("tiny");
    await synthesizeCheckpoint(join(folder, "tiny"), spec);
    const sizes = sizesOfCheckpoint(await openCheckpoint(join(folder, "tiny")));
    await rm(folder, { recursive: true });
    const { storedBytes, ...expected } = sizesOfSpec(spec);
    expect(sizes.autoencoder).toEqual(expected.autoencoder);
    expect(sizes.pixelsPerToken).toBe(expected.pixelsPerToken);
    const counted = { storedBytes: 0, weights: 0 }; // without norms and small layers
    expect({ ...sizes.transformer, ...counted }).toEqual({ ...expected.transformer, ...counted });
    expect(expected.transformer.weights / sizes.transformer.weights).toBeCloseTo(1, 1);
    expect({ ...sizes.textEncoder, storedBytes: 0 }).toEqual({ ...expected.textEncoder, storedBytes: 0 });
    expect(expected.transformer.storedBytes / sizes.transformer.storedBytes).toBeCloseTo(1, 1);
    expect(expected.textEncoder.storedBytes / sizes.textEncoder.storedBytes).toBeCloseTo(1, 1);
    expect(storedBytes / sizes.storedBytes).toBeCloseTo(1, 1);
  });
});

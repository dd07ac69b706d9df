import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  type Checkpoint,
  openCheckpoint,
  openPipeline,
  synthesizeCheckpoint,
} from "@measure-plantain/flux-runtime";
import type { UnitFactors } from "@measure-plantain/head-hooks";
import { afterAll, beforeAll, expect, it } from "vitest";
import { fewBlocks } from "../../../flux-runtime/test/few-blocks.ts";
import { openSteeredPipeline, type SteeredPipeline } from "./steered-pipeline.ts";

const folder = mkdtempSync(join(tmpdir(), "steered-"));
const encoding = { maxSequenceLength: 16, textEncoderLayers: [1, 2, 3], threads: 1 } as const;
const cat = { prompt: "a cat", steps: 2, guidance: 4, seed: 1, width: 32, height: 32 } as const;
let checkpoint: Checkpoint;
let steered: SteeredPipeline;

beforeAll(async () => {
  await synthesizeCheckpoint(folder, fewBlocks);
  checkpoint = await openCheckpoint(folder);
  steered = await openSteeredPipeline(checkpoint, encoding);
});
afterAll(async () => {
  await steered.pipeline.close();
  rmSync(folder, { recursive: true });
});

async function render(factors: UnitFactors, changes: object = {}): Promise<Float32Array> {
  const extraInputs = steered.scaleUnits(factors);
  const { image } = await steered.pipeline.generate({ ...cat, ...changes, extraInputs });
  return image.data;
}

function largestDifference(one: Float32Array, other: Float32Array): number {
  return one.reduce((most, value, place) => Math.max(most, Math.abs(value - (other[place] ?? NaN))), 0);
}

it("with all factors 1, guided images have the bits of a pipeline that is not steered", async () => {
  const plain = await openPipeline(checkpoint, encoding);
  expect(await render({})).toEqual((await plain.generate(cat)).image.data);
  expect(await render({ "single.0.head.1": 1 })).toEqual((await plain.generate(cat)).image.data);
  await plain.close();
});

it("a head or a group at 0 or 2 changes the image, each in its own way", async () => {
  const images = [
    await render({}),
    await render({ "single.0.head.1": 0 }),
    await render({ "single.0.head.1": 2 }),
    await render({ "single.0.mlp[0:16]": 0 }),
  ];
  expect(new Set(images.map((image) => image.join())).size).toBe(4);
  // A head is all of its groups.
  expect(await render({ "single.0.attn[32:48]": 0, "single.0.attn[48:64]": 0 })).toEqual(images[1]);
});

it("units are scaled in both passes of guidance", async () => {
  const factors = { "single.0.head.1": 0, "joint.0.head.0": 0 };
  // Guided away from the prompt itself, an image is the unguided one if both passes are computed alike.
  const guided = await render(factors, { negativePrompt: cat.prompt });
  const unguided = await render(factors, { guidance: 1 });
  const rounding = largestDifference(guided, unguided);
  expect(rounding).toBeLessThan(1e-4);
  const unsteered = await render({}, { guidance: 1 });
  expect(largestDifference(unguided, unsteered)).toBeGreaterThan(100 * rounding);
});

it("refuses a unit that there is none of", () => {
  expect(() => steered.scaleUnits({ "single.7.head.0": 0 })).toThrow(
    /no unit and no head "single\.7\.head\.0"/,
  );
});

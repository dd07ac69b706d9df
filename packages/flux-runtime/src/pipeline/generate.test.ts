import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { deviation, kleinTiny, openKleinTiny, readExpected } from "../../test/klein-tiny.ts";
import { prepareConditionImage } from "../image/prepare-condition-image.ts";
import { readImage } from "../image/read-image.ts";
import { eulerStep } from "../sampling/euler-step.ts";
import type { Tensor } from "../tensor.ts";
import { drawNoise } from "./draw-noise.ts";
import { generate, type GenerateOptions } from "./generate.ts";
import { denormalizeLatents, encodeImages } from "./image-latents.ts";
import { openTextEncoder } from "./open-text-encoder.ts";
import { openTransformer } from "./open-transformer.ts";
import { tokenGrid } from "./token-grid.ts";

const asTheReference = { maxSequenceLength: 64, rotaryFrequencies: "bfloat16" } as const;
const size = { width: 96, height: 64 };

it("14 guided steps equal the reference's, each step's latents and the image", async () => {
  const expected = await readExpected();
  const steps: Tensor[] = [];
  const { image, latents } = await generate(await openKleinTiny(), {
    prompt: "a neutral matte rounded grey object on a neutral grey background",
    seed: 1234,
    steps: 14,
    guidance: 4,
    ...size,
    ...asTheReference,
    onProgress: (progress) => {
      if (progress.stage === "denoise") steps.push(progress.latents);
    },
  });
  const reference = expected("generate.latents"); // [14, 24, 16]
  expect(steps).toHaveLength(14);
  for (const [step, tokens] of steps.entries()) {
    const data = reference.data.subarray(step * 24 * 16, (step + 1) * 24 * 16);
    expect(deviation(tokens, { data, shape: [1, 24, 16] })).toBeLessThan(1e-3);
  }
  expect(latents.size).toEqual({ height: 4, width: 6 });
  const shown = expected("generate.image"); // [64, 96, 3] in [0, 1]
  const unit = Float32Array.from({ length: 64 * 96 * 3 }, (_, index) => {
    const [pixel, channel] = [Math.floor(index / 3), index % 3];
    return Math.min(1, Math.max(0, (image.data[channel * 64 * 96 + pixel] ?? Number.NaN) / 2 + 0.5));
  });
  expect(deviation({ data: unit, shape: [64, 96, 3] }, shown)).toBeLessThan(1e-3);
});

it("one conditioned step of each prompt ends at the reference's latents", async () => {
  const expected = await readExpected();
  const checkpoint = await openKleinTiny();
  const prompts = (await import("../../test/fixtures/klein-tiny/expected.json", { with: { type: "json" } }))
    .default.prompts;
  const image = await prepareConditionImage(await readImage(join(kleinTiny, "reference.png")));
  const references = await encodeImages(checkpoint, [image]);
  const latents = drawNoise(checkpoint, { seed: 99, size: tokenGrid(checkpoint, size) });
  const encoder = await openTextEncoder(checkpoint, asTheReference);
  const transformer = await openTransformer(checkpoint);
  try {
    for (const [k, prompt] of prompts.entries()) {
      const { embeds } = await encoder.encode(prompt);
      const { velocity } = await transformer.predict({
        latents,
        references,
        promptEmbeds: embeds,
        timestep: 1_000,
      });
      const tokens = eulerStep(latents.tokens, velocity, { sigma: 1, nextSigma: 0 });
      const latent = await denormalizeLatents(checkpoint, { tokens, size: latents.size });
      expect(deviation(latent, expected(`probe.${k}.latent`))).toBeLessThan(1e-4);
    }
  } finally {
    await transformer.close();
    await encoder.close();
  }
});

it.each([2, 7])("a batch of %i gives what its passes give one by one", async (count) => {
  const checkpoint = await openKleinTiny();
  const encoder = await openTextEncoder(checkpoint, asTheReference);
  const transformer = await openTransformer(checkpoint);
  try {
    const passes = [];
    for (let k = 0; k < count; k += 1) {
      const latents = drawNoise(checkpoint, { seed: k, size: tokenGrid(checkpoint, size) });
      const { embeds } = await encoder.encode(`object number ${k}`);
      passes.push({ latents, promptEmbeds: embeds, timestep: 100 * (k + 1) });
    }
    const together = await transformer.predictBatch(passes);
    expect(together).toHaveLength(count);
    for (const [k, pass] of passes.entries()) {
      const alone = await transformer.predict(pass);
      expect(deviation(together[k]?.velocity ?? alone.velocity, alone.velocity)).toBeLessThan(1e-5);
      expect(together[k]).toBeDefined();
    }
  } finally {
    await transformer.close();
    await encoder.close();
  }
});

it("passes of different sizes are no batch", async () => {
  const checkpoint = await openKleinTiny();
  const transformer = await openTransformer(checkpoint);
  const promptEmbeds = { data: new Float32Array(4 * 96), shape: [1, 4, 96] };
  const passes = [2, 3].map((width) => ({
    latents: drawNoise(checkpoint, { seed: 0, size: { height: 2, width } }),
    promptEmbeds,
    timestep: 1_000,
  }));
  await expect(transformer.predictBatch(passes)).rejects.toThrow(/one layout.*4 2x2 and 4 2x3/);
  await transformer.close();
});

it("a distilled model takes no guidance", async () => {
  const checkpoint = await openKleinTiny();
  const options = { prompt: "x", seed: 0, steps: 1, ...size, maxSequenceLength: 32 };
  const unguided = await generate(checkpoint, { ...options, guidance: 1 });
  const guided = await generate(checkpoint, { ...options, guidance: 4 });
  const distilled = await generate({ ...checkpoint, isDistilled: true }, { ...options, guidance: 4 });
  expect(distilled.latents.tokens.data).toEqual(unguided.latents.tokens.data);
  expect(guided.latents.tokens.data).not.toEqual(unguided.latents.tokens.data);
});

describe("refuses, before any model is loaded,", () => {
  const valid = { prompt: "x", seed: 0, steps: 1, guidance: 1, ...size, maxSequenceLength: 32 };
  const zeros = (...shape: number[]): Tensor => ({
    data: new Float32Array(shape.reduce((count, axis) => count * axis, 1)),
    shape,
  });
  const short = { data: new Float32Array(5), shape: [1, 3, 64, 64] };
  // What a caller without types may take for an image that is prepared.
  const rgb = { width: 64, height: 64, data: new Uint8Array(64 * 64 * 3) } as unknown as Tensor;

  const cases: readonly [string, Partial<GenerateOptions>, RegExp][] = [
    ["no steps", { steps: 0 }, /steps must be a positive integer, but got 0/],
    ["a step and a half", { steps: 1.5 }, /steps must be a positive integer, but got 1\.5/],
    ["steps that are no number", { steps: NaN }, /steps must be a positive integer, but got NaN/],
    ["a seed that is no integer", { seed: 1.5 }, /seed/],
    ["a guidance that is no number", { guidance: NaN }, /guidance must be a finite number, but is NaN/],
    ["an endless guidance", { guidance: Infinity }, /guidance must be a finite number, but is Infinity/],
    [
      "no guidance",
      { guidance: undefined as unknown as number }, // what a caller without types can do
      /guidance must be a finite number, but is undefined/,
    ],
    [
      "an image whose sides the autoencoder would cut",
      { images: [zeros(1, 3, 32, 48), zeros(1, 3, 20, 36)] },
      /^Image 2 must have the shape \[1, 3, H, W\], H and W multiples of 16, but has \[1, 3, 20, 36\].*prepareConditionImage/,
    ],
    ["an image of half a token", { images: [zeros(1, 3, 24, 24)] }, /^Image 1 must.*has \[1, 3, 24, 24\]/],
    ["an image without a batch axis", { images: [zeros(3, 64, 64)] }, /^Image 1 must.*has \[3, 64, 64\]/],
    ["two images in one", { images: [zeros(2, 3, 64, 64)] }, /^Image 1 must.*has \[2, 3, 64, 64\]/],
    ["an empty image", { images: [zeros(1, 3, 0, 16)] }, /^Image 1 must.*has \[1, 3, 0, 16\]/],
    ["an image that lacks values", { images: [short] }, /image number 1 must be 12288 values.*but are 5/],
    [
      "an image that is not prepared",
      { images: [rgb] },
      /^Image 1 must.*but has none.*prepareConditionImage/,
    ],
  ];
  it.each(cases)("%s", async (_, change, message) => {
    let models = 0;
    const options = { ...valid, ...change, onPeakMemory: () => (models += 1) };
    const generated = generate(await openKleinTiny(), options);
    await expect(generated).rejects.toMatchObject({ code: "invalid-argument" });
    await expect(generated).rejects.toThrow(message);
    expect(models).toBe(0);
  });

  it("a width that is no multiple of 16, and names the nearest that is", async () => {
    const options = { prompt: "x", seed: 0, steps: 1, guidance: 1, width: 100, height: 64 };
    await expect(generate(await openKleinTiny(), options)).rejects.toThrow(
      /width.*multiple of 16.*100.*Use 96/,
    );
  });
});

import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { fewBlocks } from "../../test/few-blocks.ts";
import { deviation } from "../../test/klein-tiny.ts";
import type { Checkpoint } from "../checkpoint/checkpoint.ts";
import { openCheckpoint } from "../checkpoint/open-checkpoint.ts";
import { createFlowMatchSchedule } from "../sampling/flow-match-schedule.ts";
import { synthesizeCheckpoint } from "../synthesis/synthesize-checkpoint.ts";
import { drawNoise, drawNoises } from "./draw-noise.ts";
import { generate } from "./generate.ts";
import type { PipelineGenerateOptions, StepEnd } from "./generation-options.ts";
import { openPipeline } from "./open-pipeline.ts";
import type { ManyPrompts, OnePrompt, Pipeline } from "./pipeline.ts";
import { tokenGrid } from "./token-grid.ts";

const folder = mkdtempSync(join(tmpdir(), "pipeline-"));
const encoding = { maxSequenceLength: 16, textEncoderLayers: [1, 2, 3] } as const;
const size = { width: 32, height: 48 } as const;
const unseeded = { prompt: "a cat", steps: 2, guidance: 4, ...size } as const;
const cat = { ...unseeded, seed: 1 } as const;
let checkpoint: Checkpoint;
let pipeline: Pipeline;

beforeAll(async () => {
  await synthesizeCheckpoint(folder, fewBlocks);
  checkpoint = await openCheckpoint(folder);
  pipeline = await openPipeline(checkpoint, encoding);
});
afterAll(async () => {
  await pipeline.close();
  rmSync(folder, { recursive: true });
});

/** The end of a generation, value by value. */
async function tokensOf(options: PipelineGenerateOptions & OnePrompt): Promise<Float32Array> {
  return (await pipeline.generate(options)).latents.tokens.data;
}

it("gives the bits of generate, again and again, from a checkpoint's name too, and opens each model once", async () => {
  const image = { data: new Float32Array(3 * 32 * 32).fill(0.5), shape: [1, 3, 32, 32] };
  const expected = await generate(checkpoint, { ...cat, images: [image], ...encoding });
  let ended = 0;
  const own = await openPipeline(folder, { ...encoding, onPeakMemory: () => (ended += 1) });
  expect(await own.generate({ ...cat, images: [image] })).toEqual(expected);
  expect(await own.generate({ ...cat, images: [image] })).toEqual(expected);
  expect(ended).toBe(0);
  await own.close();
  expect(ended).toBe(4);
});

it.each([
  ["one", { "encode-prompt": 0, "encode-images": 0, denoise: 1, decode: 2 }, 3],
  ["text-encoder-alone", { "encode-prompt": 0, "encode-images": 0, denoise: 1, decode: 1 }, 3],
] as const)("ends models where %s may be in memory", async (modelsInMemory, expected, all) => {
  let ended = 0;
  const own = await openPipeline(checkpoint, {
    ...encoding,
    modelsInMemory,
    onPeakMemory: () => (ended += 1),
  });
  const endedAt = new Map<string, number>();
  const { latents } = await own.generate({
    ...cat,
    onProgress: ({ stage }) => endedAt.set(stage, ended),
  });
  expect(latents.tokens.data).toEqual(await tokensOf(cat));
  expect(Object.fromEntries(endedAt)).toEqual(expected);
  await own.close();
  expect(ended).toBe(all);
});

it("starts from latents, embeddings and noise levels as from the seed, the prompts and the steps that stand for them", async () => {
  const [embedded, empty] = await pipeline.encodePrompts(["a cat", ""]);
  if (embedded === undefined || empty === undefined) throw new Error("two prompts");
  const given = {
    promptEmbeds: embedded.embeds,
    negativePromptEmbeds: empty.embeds,
    latents: drawNoise(checkpoint, { seed: 1, size: tokenGrid(checkpoint, size) }),
    sigmas: [1, 0.5],
    steps: 2,
    guidance: 4,
  };
  const expected = await tokensOf(cat);
  expect(await tokensOf(given)).toEqual(expected);
  expect(await tokensOf({ ...given, sigmas: [1, 0.25] })).not.toEqual(expected);
});

it("guidance leads away from the negative prompt, the empty one by default", async () => {
  const expected = await tokensOf(cat);
  expect(await tokensOf({ ...cat, negativePrompt: "" })).toEqual(expected);
  const [embedded] = await pipeline.encodePrompts(["a dog"]);
  const away = await tokensOf({ ...cat, negativePrompt: "a dog" });
  expect(away).not.toEqual(expected);
  expect(await tokensOf({ ...cat, negativePromptEmbeds: embedded?.embeds })).toEqual(away);
  // Away from the prompt itself nothing is left of guidance but its rounding.
  const unguided = await pipeline.generate({ ...cat, guidance: 1 });
  const itself = await pipeline.generate({ ...cat, negativePrompt: cat.prompt });
  expect(deviation(itself.latents.tokens, unguided.latents.tokens)).toBeLessThan(1e-5);
});

it("a list gives each prompt's own image, one after the other bit by bit, and in a batch", async () => {
  const prompt = ["a cat", "a dog", "a cat"];
  const many = await pipeline.generate({ ...cat, prompt, seed: [1, 2, 3] });
  const batched = await pipeline.generate({ ...cat, prompt, seed: [1, 2, 3], batch: 2 });
  expect([many.length, batched.length]).toEqual([3, 3]);
  for (const [index, result] of many.entries()) {
    const alone = await pipeline.generate({ ...cat, prompt: prompt[index] ?? "", seed: index + 1 });
    expect(result).toEqual(alone);
    expect(deviation(batched[index]?.latents.tokens ?? alone.image, alone.latents.tokens)).toBeLessThan(1e-5);
  }
});

it("one seed draws the noise of a list on and on, as one generator of the reference does", async () => {
  const noises = drawNoises(checkpoint, { seed: 1, size: tokenGrid(checkpoint, size), count: 2 });
  const prompt = ["a cat", "a dog"];
  const expected = await pipeline.generate({ ...unseeded, prompt, latents: noises });
  expect(await pipeline.generate({ ...cat, prompt })).toEqual(expected);
  expect(noises[0]?.tokens.data).not.toEqual(noises[1]?.tokens.data);
});

describe("callbackOnStepEnd", () => {
  it("is given each image's latents after each step, and the noise level that they have", async () => {
    const ends: StepEnd[] = [];
    const prompt = ["a cat", "a dog"];
    const sigmas = [1, 0.7, 0.2];
    const results = await pipeline.generate({
      ...cat,
      prompt,
      sigmas,
      callbackOnStepEnd: (end) => void ends.push(end),
    });
    const schedule = createFlowMatchSchedule(checkpoint.scheduler, {
      imageSequenceLength: 6,
      steps: 2,
      sigmas,
    });
    expect(ends.map(({ image, step, steps, sigma }) => [image, step, steps, sigma])).toEqual(
      [0, 1].flatMap((image) => [1, 2, 3].map((step) => [image, step, 3, schedule.sigmas[step]])),
    );
    expect(ends[2]?.latents).toEqual(results[0]?.latents.tokens);
    expect(ends[5]?.latents).toEqual(results[1]?.latents.tokens);
  });

  it("may change them, for the steps that follow", async () => {
    const start = drawNoise(checkpoint, { seed: 9, size: tokenGrid(checkpoint, size) });
    const changed = await tokensOf({
      ...cat,
      callbackOnStepEnd: async ({ step }) => {
        await Promise.resolve();
        return step === 1 ? { latents: start.tokens } : undefined;
      },
    });
    const { timesteps, sigmas } = createFlowMatchSchedule(checkpoint.scheduler, {
      imageSequenceLength: 6,
      steps: 2,
    });
    expect(timesteps).toHaveLength(2);
    // The second step alone: a level that the shift takes to the second of two.
    const last: number[] = [];
    const alone = await tokensOf({
      ...unseeded,
      latents: start,
      sigmas: [0.5],
      callbackOnStepEnd: ({ sigma }) => void last.push(sigma),
    });
    expect(changed).toEqual(alone);
    expect([...last, sigmas[2]]).toEqual([0, 0]);
  });

  it("may fail, or give latents of another shape, and the pipeline goes on", async () => {
    const short = { data: new Float32Array(4), shape: [1, 1, 4] };
    await expect(
      pipeline.generate({ ...cat, callbackOnStepEnd: () => ({ latents: short }) }),
    ).rejects.toThrow(/latent tokens must have the shape \[1, 6, 32\], but have \[1, 1, 4\]/);
    const failing = (): never => {
      throw new Error("enough");
    };
    await expect(pipeline.generate({ ...cat, callbackOnStepEnd: failing })).rejects.toThrow("enough");
    expect(await tokensOf(cat)).toHaveLength(6 * 32);
  });
});

describe("calls that overlap", () => {
  it("run one after the other; one that is aborted, waiting or running, ends alone", async () => {
    const expected = await tokensOf(cat);
    const running = new AbortController();
    const waiting = new AbortController();
    const order: string[] = [];
    const first = pipeline.generate({
      ...cat,
      signal: running.signal,
      onProgress: ({ stage }) => {
        order.push(`first ${stage}`);
        if (stage !== "denoise") return;
        waiting.abort(new Error("no longer wanted"));
        setTimeout(() => {
          running.abort(new Error("stopped"));
        });
      },
    });
    const second = pipeline.generate({
      ...cat,
      signal: waiting.signal,
      onProgress: () => order.push("second"),
    });
    const third = pipeline.generate({ ...cat, onProgress: ({ stage }) => order.push(`third ${stage}`) });
    await expect(second).rejects.toThrow("no longer wanted");
    await expect(first).rejects.toThrow("stopped");
    expect((await third).latents.tokens.data).toEqual(expected);
    expect(order.slice(0, 3)).toEqual(["first encode-prompt", "first encode-images", "first denoise"]);
    expect(order.slice(-5).every((event) => event.startsWith("third"))).toBe(true);
    expect(order).not.toContain("second");
  });

  it("go on after one that ONNX Runtime refuses, with the model opened again", async () => {
    let ended = 0;
    const own = await openPipeline(checkpoint, { ...encoding, onPeakMemory: () => (ended += 1) });
    const wide = { type: "float32", data: new Float32Array(7), shape: [1, 1, 7] } as const;
    const failing = own.generate({ ...cat, extraInputs: { hidden_states: wide } });
    const fine = own.generate(cat);
    await expect(failing).rejects.toMatchObject({ code: "session-failed" });
    expect(ended).toBe(1);
    expect((await fine).latents.tokens.data).toEqual(await tokensOf(cat));
    await own.close();
  });

  it("are refused once the pipeline is closed, and so are those that run or wait", async () => {
    const own = await openPipeline(checkpoint, encoding);
    const calls = [own.generate(cat), own.encodePrompts(["a cat"])];
    const refused = calls.map((call) => expect(call).rejects.toThrow(/pipeline was closed/));
    await own.close();
    await Promise.all(refused);
    await expect(own.generate(cat)).rejects.toThrow(/pipeline was closed.*Open it again/);
  });
});

describe("refuses, before a model is opened,", () => {
  const embeds = { data: new Float32Array(4 * 192), shape: [1, 4, 192] };
  const wide = {
    tokens: { data: new Float32Array(9 * 32), shape: [1, 9, 32] },
    size: { height: 3, width: 3 },
  };
  const cases: readonly [string, object, RegExp][] = [
    ["a prompt and its embedding", { ...cat, promptEmbeds: embeds }, /`promptEmbeds`.*both are given/],
    ["neither", { ...cat, prompt: undefined }, /`prompt` names nothing/],
    ["an empty list", { ...cat, prompt: [] }, /`prompt` names nothing/],
    [
      "embeddings of another width",
      { ...cat, prompt: undefined, promptEmbeds: { data: embeds.data, shape: [1, 8, 96] } },
      /prompt embeddings must have the shape \[1, S, 192\], but have \[1, 8, 96\]/,
    ],
    [
      "latents of another size",
      { ...unseeded, latents: wide },
      /`latents` must be a grid of 3 × 2.*are 3 × 3/,
    ],
    [
      "latents of other channels",
      { ...unseeded, latents: { ...wide, tokens: { data: new Float32Array(9), shape: [1, 9, 1] } } },
      /latent tokens must have the shape \[1, 9, 32\], but have \[1, 9, 1\]/,
    ],
    ["latents and a seed", { ...cat, latents: wide }, /`latents`.*`seed` takes no effect/],
    ["fewer seeds than prompts", { ...cat, prompt: ["a", "b"], seed: [1] }, /`seed`.*2 prompts, but has 1/],
    [
      "sigmas that rise",
      { ...cat, sigmas: [0.5, 0.6] },
      /`sigmas` must be numbers that fall.*\[0\.5, 0\.6\]/,
    ],
    ["sigmas that stay", { ...cat, sigmas: [0.5, 0.5] }, /`sigmas` must be numbers that fall/],
    ["sigmas that end at 0", { ...cat, sigmas: [1, 0] }, /`sigmas`.*Leave out the 0/],
    ["sigmas above 1", { ...cat, sigmas: [1.5] }, /`sigmas`.*1 or less/],
    ["no sigmas", { ...cat, sigmas: [] }, /`sigmas`/],
    ["sigmas that are no numbers", { ...cat, sigmas: [NaN] }, /`sigmas`/],
    [
      "a negative prompt without guidance",
      { ...cat, guidance: 1, negativePrompt: "a dog" },
      /`negativePrompt` takes effect only with guidance, but `guidance` is 1/,
    ],
    [
      "two negative prompts",
      { ...cat, negativePrompt: "a dog", negativePromptEmbeds: embeds },
      /`negativePromptEmbeds`.*both are given/,
    ],
    ["a batch of none", { ...cat, batch: 0 }, /`batch` must be a positive integer, but is 0/],
  ];
  it.each(cases)("%s", async (_name, options, message) => {
    const own = await openPipeline(checkpoint, {
      ...encoding,
      onPeakMemory: () => {
        throw new Error("a model was opened");
      },
    });
    const call = own.generate(options as PipelineGenerateOptions & ManyPrompts); // what a caller without types can do
    await expect(call).rejects.toMatchObject({ code: "invalid-argument" });
    await expect(call).rejects.toThrow(message);
    await own.close();
  });

  it("a negative prompt of a distilled model", async () => {
    const own = await openPipeline({ ...checkpoint, isDistilled: true }, encoding);
    await expect(own.generate({ ...cat, negativePrompt: "a dog" })).rejects.toThrow(
      /`negativePrompt` takes effect only with guidance, but a distilled model takes none/,
    );
    await own.close();
  });
});

it("encodes images and decodes latents with its open models as the functions of their own do", async () => {
  const image = { data: new Float32Array(3 * 32 * 32).fill(0.5), shape: [1, 3, 32, 32] };
  const [latents] = await pipeline.encodeImages([image]);
  if (latents === undefined) throw new Error("one image in, one out");
  const { encodeImages, decodeLatents } = await import("./image-latents.ts");
  expect([latents]).toEqual(await encodeImages(checkpoint, [image]));
  expect(await pipeline.decodeLatents(latents)).toEqual(await decodeLatents(checkpoint, latents));
  await expect(pipeline.encodeImages([{ data: image.data, shape: [3, 32, 32] }])).rejects.toThrow(
    /Image 1 must/,
  );
});

import { expect, it } from "vitest";
import { openKleinTiny } from "../../test/klein-tiny.ts";
import type { SessionTensors } from "../session/session-protocol.ts";
import { drawNoise } from "./draw-noise.ts";
import { generate, type GenerateOptions } from "./generate.ts";
import { decodeLatents, encodeImages } from "./image-latents.ts";
import { openTextEncoder } from "./open-text-encoder.ts";
import { openTransformer } from "./open-transformer.ts";
import type { TransformerPass } from "./transformer-pass.ts";

/** Requires of calls that overlap what they give one after the other, and that no two of them give the same. */
async function expectSameAtOnce<Result>(calls: readonly (() => Promise<Result>)[]): Promise<void> {
  const oneByOne: Result[] = [];
  for (const call of calls) oneByOne.push(await call());
  expect(await Promise.all(calls.map((call) => call()))).toEqual(oneByOne);
  expect(new Set(oneByOne.map((result) => JSON.stringify(result))).size).toBe(calls.length);
}

it("prompts that are encoded at once get the embeddings that each gets alone", async () => {
  const encoder = await openTextEncoder(await openKleinTiny(), { maxSequenceLength: 32 });
  const prompts = ["a cat", "a red car in the snow", "x", ""];
  await expectSameAtOnce(prompts.map((prompt) => () => encoder.encode(prompt)));
  await encoder.close();
});

it("passes that run at once, of several sizes, get the velocities that each gets alone", async () => {
  const checkpoint = await openKleinTiny();
  const promptEmbeds = { data: new Float32Array(4 * 96).fill(0.5), shape: [1, 4, 96] };
  const pass = (seed: number, width: number): TransformerPass => ({
    latents: drawNoise(checkpoint, { seed, size: { height: 2, width } }),
    promptEmbeds,
    timestep: 1_000,
  });
  const transformer = await openTransformer(checkpoint);
  await expectSameAtOnce([
    () => transformer.predict(pass(1, 2)),
    () => transformer.predict(pass(2, 2)),
    async () => (await transformer.predictBatch([pass(3, 4), pass(4, 4)]))[1],
    () => transformer.predict(pass(5, 3)),
  ]);

  const tooWide: SessionTensors = { hidden_states: { type: "float32", ...promptEmbeds } };
  const wrong = transformer.predict({ ...pass(1, 2), extraInputs: tooWide });
  const right = transformer.predict(pass(2, 2));
  await expect(wrong).rejects.toMatchObject({ code: "session-failed" });
  expect(await right).toEqual(await transformer.predict(pass(2, 2)));
  await transformer.close();
});

it("images that are made at once are those that are made alone, also when another is aborted", async () => {
  const checkpoint = await openKleinTiny();
  const options = { steps: 2, guidance: 4, width: 64, height: 64, maxSequenceLength: 32 } as const;
  const make = (changes: Pick<GenerateOptions, "prompt" | "seed" | "signal">) => () =>
    generate(checkpoint, { ...options, ...changes });
  const abort = new AbortController();
  const aborted = generate(checkpoint, {
    ...options,
    prompt: "a tree",
    seed: 3,
    signal: abort.signal,
    onProgress: () => {
      abort.abort(new Error("enough"));
    },
  });
  const refused = expect(aborted).rejects.toThrow("enough");
  await expectSameAtOnce([make({ prompt: "a cat", seed: 1 }), make({ prompt: "a car", seed: 2 })]);
  await refused;
});

it("the autoencoder encodes and decodes at once as it does one after the other", async () => {
  const checkpoint = await openKleinTiny();
  const size = { height: 2, width: 2 };
  const image = (level: number) => ({
    data: new Float32Array(3 * 64 * 64).fill(level),
    shape: [1, 3, 64, 64],
  });
  await expectSameAtOnce<unknown>([
    () => encodeImages(checkpoint, [image(0.5)]),
    () => encodeImages(checkpoint, [image(-0.5), image(0)]),
    () => decodeLatents(checkpoint, drawNoise(checkpoint, { seed: 1, size })),
    () => decodeLatents(checkpoint, drawNoise(checkpoint, { seed: 2, size })),
  ]);
});

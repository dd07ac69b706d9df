import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { openCheckpoint, readTensors, writeSafetensors, type Tensor } from "@measure-plantain/flux-runtime";
import { headMeanSquares } from "@measure-plantain/head-hooks";
import type { PromptSet } from "@measure-plantain/prompts";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { planProbe, type PlanOptions } from "./plan-probe.ts";
import { findCaptureProblem } from "./run-folder/find-capture-problem.ts";
import { readCaptures } from "./run-folder/read-captures.ts";
import type { RunFolder } from "./run-folder/run-folder.ts";
import { runProbe } from "./run-probe.ts";

// The checkpoint of the runtime's own parity tests, with the values that diffusers 0.40.0.dev0 computes from it.
const kleinTiny = join(import.meta.dirname, "../../flux-runtime/test/fixtures/klein-tiny");
const referenceFile = join(kleinTiny, "reference.png");

let out: string;
beforeAll(async () => {
  out = await mkdtemp(join(tmpdir(), "probe-"));
});
afterAll(() => rm(out, { recursive: true }));

async function runOnKleinTiny(
  name: string,
  changes: PlanOptions = {},
  pairs?: PromptSet["pairs"],
): Promise<RunFolder> {
  const checkpoint = await openCheckpoint(join(kleinTiny, "checkpoint"));
  const { prompts } = JSON.parse(await readFile(join(kleinTiny, "expected.json"), "utf8")) as {
    prompts: string[];
  };
  // Not read from a file: one of the reference's prompts is empty, which a prompt set refuses.
  const promptSet: PromptSet = {
    name: "parity",
    version: "1.0.0",
    title: "The six prompts of the reference",
    labels: { a: "first", b: "second" },
    pairs: pairs ?? [0, 2, 4].map((k) => ({ id: `pair-${k}`, a: prompts[k] ?? "", b: prompts[k + 1] ?? "" })),
  };
  const plan = await planProbe({ id: "klein-tiny", checkpoint, isSynthesized: false }, promptSet, {
    referenceFiles: [referenceFile],
    noiseSeeds: [99],
    width: 96,
    height: 64,
    maxSequenceLength: 64,
    taps: ["to_add_out"],
    rotaryFrequencies: "bfloat16", // the reference model's frequencies were rounded when it was cast as a whole
    ...changes,
  });
  return runProbe(plan, join(out, name));
}

async function capturesOf(folder: RunFolder): Promise<ReadonlyMap<string, Tensor>> {
  return readTensors(folder.file("captures.safetensors"));
}

/** The largest relative difference between captured and expected root mean squares. */
function relativeDeviation(meanSquares: ArrayLike<number>, first: number, expected: Float32Array): number {
  return expected.reduce((largest, value, index) => {
    const captured = Math.sqrt(meanSquares[first + index] ?? Number.NaN);
    const deviation = Math.abs(captured - value) / value;
    return deviation <= largest ? largest : deviation; // NaN counts as largest
  }, 0);
}

describe("the captures of all 25 + 5 projections equal the reference's, for each of its six prompts,", () => {
  it.each([
    { weights: "mapped", batch: 1 },
    { weights: "resident", batch: 1 },
    { weights: "mapped", batch: 2 },
    { weights: "mapped", batch: 7 },
  ] as const)(
    "in groups of 16 channels and in real heads, weights $weights, batch $batch",
    async (changes) => {
      const folder = await runOnKleinTiny(`parity-${changes.weights}-${changes.batch}`, changes);
      const expected = await readTensors(join(kleinTiny, "expected.safetensors"));
      const { layout } = await folder.readManifest();
      const captured = (await capturesOf(folder)).get("mean_square");
      if (layout === null || captured === undefined) throw new Error("the run has no captures");
      expect(captured.shape).toEqual([3, 2, layout.unitCount]);
      expect(layout.taps).toHaveLength(30);

      const heads = headMeanSquares(captured, layout);
      for (const [tap, { node, firstUnit, unitCount }] of layout.taps.entries()) {
        const groups = expected.get(`probe.${node}.rms16`); // [6, groups]
        const realHeads = expected.get(`probe.${node}.rms_head`); // [6, heads]
        expect(groups?.shape).toEqual([6, unitCount]);
        const headSection = layout.sections.find((section) => section.tap === tap && section.heads !== null);
        for (let prompt = 0; prompt < 6; prompt += 1) {
          const row =
            groups?.data.subarray(prompt * unitCount, (prompt + 1) * unitCount) ?? new Float32Array();
          expect(relativeDeviation(captured.data, prompt * layout.unitCount + firstUnit, row)).toBeLessThan(
            1e-4,
          );
          if (headSection?.heads && realHeads) {
            const perPrompt = realHeads.shape[1] ?? 0;
            const { firstHead, count } = headSection.heads;
            const start = prompt * perPrompt;
            const headRow = realHeads.data.subarray(start, start + count);
            expect(
              relativeDeviation(heads.data, prompt * layout.headCount + firstHead, headRow),
            ).toBeLessThan(1e-4);
          }
        }
      }
    },
  );
});

it("token segments are what the whole is made of", async () => {
  const whole = await capturesOf(await runOnKleinTiny("whole"));
  const apart = await capturesOf(await runOnKleinTiny("apart", { segments: true }));
  expect([...apart.keys()]).toEqual([
    "mean_square",
    "mean_square.template",
    "mean_square.prompt",
    "mean_square.padding",
    "mean_square.noise",
    "mean_square.reference",
    "embedding_distance",
    "embedding_mean",
  ]);
  const expected = whole.get("mean_square")?.data ?? new Float32Array();
  const pooled = apart.get("mean_square")?.data;
  expect(relativeDeviation(pooled ?? [], 0, expected.map(Math.sqrt))).toBeLessThan(1e-5);
  // Prompts of different lengths have segments of their own in a batch, too.
  const batched = await capturesOf(await runOnKleinTiny("apart-in-a-batch", { segments: true, batch: 7 }));
  for (const [name, { data }] of apart)
    for (const [place, value] of data.entries())
      expect(Math.abs((batched.get(name)?.data[place] ?? NaN) - value)).toBeLessThan(
        1e-4 * Math.max(1, value),
      );
});

it("signed captures are the mean of every channel next to the same mean squares, averaged over the repetitions", async () => {
  const seeds = [99, 100];
  const [plain, both] = [
    await runOnKleinTiny("plain", { noiseSeeds: seeds, batch: 2 }),
    await runOnKleinTiny("signed", { noiseSeeds: seeds, batch: 2, capture: "signed" }),
  ];
  const before = await capturesOf(plain);
  const after = await capturesOf(both);
  for (const [name, tensor] of before) expect([name, after.get(name)]).toEqual([name, tensor]);

  const manifest = await both.readManifest();
  const { signed, layout } = await readCaptures(both, manifest);
  const channels = layout.unitCount * layout.groupSize;
  expect(signed?.shape).toEqual([3, 2, channels]);
  expect(await findCaptureProblem(both, manifest)).toBeNull();
  const alone: Float32Array[] = [];
  for (const seed of seeds) {
    const run = await runOnKleinTiny(`signed-${seed}`, {
      noiseSeeds: [seed],
      batch: 2,
      capture: "signed",
      segments: true,
    });
    alone.push((await capturesOf(run)).get("mean")?.data ?? new Float32Array()); // over all tokens, with segments too
  }
  const [first, second] = alone;
  expect(signed?.data.some((value) => value < 0)).toBe(true);
  for (const [place, value] of signed?.data.entries() ?? [])
    expect(value).toBeCloseTo(((first?.[place] ?? NaN) + (second?.[place] ?? NaN)) / 2, 5);
  // Of any numbers the mean's square is the mean square at most.
  const squares = after.get("mean_square")?.data ?? new Float32Array();
  for (const [unit, square] of squares.entries()) {
    let sum = 0;
    for (let channel = 0; channel < layout.groupSize; channel += 1)
      sum += signed?.data[unit * layout.groupSize + channel] ?? NaN;
    const mean = sum / layout.groupSize;
    expect(mean ** 2).toBeLessThanOrEqual(square * (1 + 1e-5));
  }
});

it("a signed run whose signed means are gone, or impossible, is reported", async () => {
  const run = await runOnKleinTiny("damaged", { capture: "signed" });
  const manifest = await run.readManifest();
  const captures = [...(await capturesOf(run))].map(([name, tensor]) => ({ name, ...tensor }));
  const path = run.file("captures.safetensors");
  await writeSafetensors(
    path,
    captures.filter(({ name }) => name !== "mean"),
  );
  expect(await findCaptureProblem(run, manifest)).toBe("mean, the signed means, is missing");
  for (const { name, data } of captures) if (name === "mean") data[7] = NaN;
  await writeSafetensors(path, captures);
  expect(await findCaptureProblem(run, manifest)).toBe("mean holds NaN at place 7, which is no mean");
});

it("every run stores how far the embeddings of a pair lie apart, and their means, as of the reference's embeddings", async () => {
  const run = await runOnKleinTiny("embeddings");
  const { embeddings } = await readCaptures(run, await run.readManifest());
  const expected = (await readTensors(join(kleinTiny, "expected.safetensors"))).get("prompt_embeds.64");
  const [, S = 0, C = 0] = expected?.shape ?? [];
  const valueOf = (prompt: number, token: number, channel: number): number =>
    expected?.data[(prompt * S + token) * C + channel] ?? NaN;
  expect(embeddings?.distance.shape).toEqual([3]);
  expect(embeddings?.mean.shape).toEqual([3, 2, C]);
  for (const pair of [0, 1, 2]) {
    let squares = 0;
    for (let channel = 0; channel < C; channel += 1) {
      const means = [0, 0];
      for (let token = 0; token < S; token += 1) {
        const [a, b] = [valueOf(2 * pair, token, channel), valueOf(2 * pair + 1, token, channel)];
        squares += (b - a) * (b - a);
        means[0] = (means[0] ?? NaN) + a;
        means[1] = (means[1] ?? NaN) + b;
      }
      for (const [condition, sum] of means.entries())
        expect(embeddings?.mean.data[(2 * pair + condition) * C + channel]).toBeCloseTo(sum / S, 4);
    }
    const distance = embeddings?.distance.data[pair] ?? NaN;
    expect(Math.abs(distance / Math.sqrt(squares) - 1)).toBeLessThan(1e-4);
  }
});

it("sides that differ in their images alone have embeddings at no distance", async () => {
  const image = (name: string): string[] => [join(kleinTiny, name)];
  const side = (prompt: string, name: string): PromptSet["pairs"][number]["a"] => ({
    prompt,
    images: image(name),
  });
  const run = await runOnKleinTiny("images", {}, [
    { id: "images", a: side("an object", "input.png"), b: side("an object", "reference.png") },
    { id: "both", a: side("an object", "input.png"), b: side("a mountain", "reference.png") },
  ]);
  const { embeddings } = await readCaptures(run, await run.readManifest());
  expect(embeddings?.distance.data[0]).toBe(0);
  expect(embeddings?.distance.data[1]).toBeGreaterThan(1);
});

it("captures of a run that stored no embeddings are read without them", async () => {
  const run = await runOnKleinTiny("before");
  const manifest = await run.readManifest();
  const captures = [...(await capturesOf(run))].map(([name, tensor]) => ({ name, ...tensor }));
  await writeSafetensors(
    run.file("captures.safetensors"),
    captures.filter(({ name }) => !name.startsWith("embedding")),
  );
  expect(await findCaptureProblem(run, manifest)).toBeNull();
  const { embeddings, meanSquare } = await readCaptures(run, manifest, { acceptChanged: true });
  expect(embeddings).toBeUndefined();
  expect(meanSquare.shape[0]).toBe(3);
});

it("a run reads the layers of the text encoder that it is told, and keeps them in its settings", async () => {
  const told = { textEncoderLayers: [27, 14, 9] };
  const [plain, changed] = [await runOnKleinTiny("layers"), await runOnKleinTiny("other-layers", told)];
  const manifest = await changed.readManifest();
  expect(manifest.settings.textEncoderLayers).toEqual([27, 14, 9]);
  expect((await plain.readManifest()).settings.textEncoderLayers).toEqual([9, 18, 27]);
  const [before, after] = [
    (await capturesOf(plain)).get("embedding_mean"),
    (await capturesOf(changed)).get("embedding_mean"),
  ];
  const C = (before?.shape.at(-1) ?? 0) / 3; // channels of one layer
  for (const [place, other] of [
    [0, 2],
    [2, 0],
  ] as const)
    expect(after?.data.subarray(place * C, (place + 1) * C)).toEqual(
      before?.data.subarray(other * C, (other + 1) * C),
    );
  await expect(runOnKleinTiny("layers", told)).rejects.toMatchObject({ code: "other-settings" });
  await expect(runOnKleinTiny("no-layers", { textEncoderLayers: [0, 9, 18] })).rejects.toThrow(
    /`textEncoderLayers` must name 3 different layers/,
  );
});

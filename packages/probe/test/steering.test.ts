import { existsSync } from "node:fs";
import { mkdtemp, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  type Checkpoint,
  getCheckpointSpec,
  openCheckpoint,
  readImage,
  synthesizeCheckpoint,
} from "@measure-plantain/flux-runtime";
import { loadPromptSet, type PromptSet } from "@measure-plantain/prompts";
import { mean } from "d3-array";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { findCheckpoint } from "../src/ablation/find-checkpoint.ts";
import { parseControls } from "../src/controls/parse-controls.ts";
import { planPlant, type PlantedUnit, type PlantPlan } from "../src/controls/plant/plan-plant.ts";
import { plantEffect } from "../src/controls/plant/plant-effect.ts";
import { readPlant } from "../src/controls/plant/planted-checkpoint.ts";
import { openRun } from "../src/open-run.ts";
import { preparePassInputs } from "../src/passes/prepare-pass-inputs.ts";
import { reopenContext } from "../src/passes/reopen-context.ts";
import { runtimeOptions } from "../src/passes/runtime-options.ts";
import { planProbe } from "../src/plan-probe.ts";
import { createReporter } from "../src/reporter.ts";
import type { RunFolder } from "../src/run-folder/run-folder.ts";
import { runProbe } from "../src/run-probe.ts";
import { imageDifference } from "../src/steering/image-difference.ts";
import { steerRun, type SteerOptions } from "../src/steering/steer-run.ts";
import { readSteering } from "../src/steering/steering-file.ts";
import { type Steering, STEERING_FILE } from "../src/steering/steering.ts";
import { verifySteering } from "../src/steering/verify-steering.ts";

const reference = join(import.meta.dirname, "../../flux-runtime/test/fixtures/klein-tiny/reference.png");
let promptSet: PromptSet;
let place: string;
let checkpoint: Checkpoint;
let run: RunFolder;
let causal: PlantPlan;
let causalRun: RunFolder;
beforeAll(async () => {
  place = await mkdtemp(join(tmpdir(), "steering-"));
  const tiny = getCheckpointSpec("tiny");
  await synthesizeCheckpoint(join(place, "weights"), {
    ...tiny,
    transformer: { ...tiny.transformer, jointBlocks: 1, singleBlocks: 2 },
    textEncoder: { ...tiny.textEncoder, layers: 3 },
  });
  checkpoint = await openCheckpoint(join(place, "weights"));
  const measure = await loadPromptSet("measure");
  promptSet = exchangeSides({ ...measure, pairs: measure.pairs.slice(0, 12) }, 0x0b51d3e);
  run = await probe("weights", "run", ["planted"]);
  causal = await plantCausalUnits();
  causalRun = await probe("causal", "causal-run");
});
afterAll(() => rm(place, { recursive: true }));

/**
 * With the sides of each pair exchanged at random, nothing but a plant can be related to the labels: random weights answer to
 * words, too.
 */
function exchangeSides({ pairs, ...set }: PromptSet, bits: number): PromptSet {
  return {
    ...set,
    name: "exchanged",
    pairs: pairs.map((pair, index) => ((bits >> index) % 2 === 0 ? pair : { ...pair, a: pair.b, b: pair.a })),
  };
}

async function probe(name: string, out: string, controls: string[] = []): Promise<RunFolder> {
  const folder = join(place, name);
  const probed = { id: folder, checkpoint: await openCheckpoint(folder), isSynthesized: true };
  const plan = await planProbe(probed, promptSet, {
    referenceFiles: [reference],
    width: 64,
    height: 64,
    maxSequenceLength: 52,
    textEncoderLayers: [1, 2, 3],
    threads: 1,
  });
  return runProbe(plan, join(place, out), { controls: await parseControls(controls, promptSet) });
}

/** The run's checkpoint with units that respond strongly to the contrast and, unlike those of the control, reach the image. */
async function plantCausalUnits(): Promise<PlantPlan> {
  const manifest = await run.readManifest();
  const context = await reopenContext({
    folder: run,
    manifest,
    checkpoint,
    reporter: createReporter({}, 1),
    runtime: runtimeOptions(manifest.settings, { signal: undefined }),
  });
  const { groupSize } = manifest.settings;
  const design = { kind: "contrast", pairs: promptSet.pairs.length } as const;
  const plan = planPlant(checkpoint.transformer.config, { design, groupSize, seed: 0 });
  const [block, strength] = [1, 3];
  const units = plan.units.slice(0, 2).map((unit, index): PlantedUnit => {
    const firstChannel = 3 * index * groupSize;
    return {
      ...unit,
      block,
      firstChannel,
      address: `single.${block}.mlp[${firstChannel}:${firstChannel + groupSize}]`,
      answers: unit.answers.map((answer) => strength * answer),
    };
  });
  const strong: PlantPlan = { ...plan, effect: strength * plan.effect, gain: 16, units };
  await plantEffect(context, await preparePassInputs(context), {
    plan: strong,
    folder: join(place, "causal"),
  });
  await run.removeWorkFiles();
  return strong;
}

const addresses = (plan: PlantPlan | null): string[] =>
  (plan?.units ?? []).filter(({ role }) => role === "planted").map(({ address }) => address);

function steer(folder: RunFolder, options: SteerOptions): Promise<Steering> {
  return steerRun(folder, () => findCheckpoint(folder, { offline: true }), {
    steps: 2,
    prompt: ["an object"],
    ...options,
  });
}

/** The mean difference of a set's images at a factor. */
function differenceOf({ sets, images }: Steering, name: string, scale: number): number {
  const index = sets.findIndex((set) => set.name === name);
  return (
    mean(
      images.filter((image) => image.set === index && image.scale === scale),
      (image) => image.difference,
    ) ?? NaN
  );
}

/** Steers until the first image would be rendered. */
async function planOnly(folder: RunFolder, options: SteerOptions): Promise<Steering> {
  const signal = AbortSignal.abort(new Error("not to be rendered"));
  const call = steerRun(
    folder,
    { id: "", checkpoint, isSynthesized: true },
    {
      ...options,
      signal,
    },
  );
  await expect(call).rejects.toThrow("not to be rendered");
  const steering = await readSteering(folder);
  if (steering === null) throw new Error("it is recorded before an image is rendered");
  return steering;
}

describe("units of known effect:", () => {
  it("planted units whose output is cut off change no pixel, whatever they are scaled by", async () => {
    const control = await openRun(join(place, "run/controls/planted-1"));
    const units = addresses(await readPlant(control));
    const steering = await steer(control, { units, scale: [0, 2, -3], random: 1 });
    expect([0, 2, -3].map((scale) => differenceOf(steering, "named", scale))).toEqual([0, 0, 0]);
    expect(differenceOf(steering, "random 1 like named", 0)).toBeGreaterThan(0.1);
  });

  it("planted units that reach the image are the probe's strongest, and change it most", async () => {
    const steering = await steer(causalRun, { units: ["top:2"], random: 3 });
    const [top, bottom, ...random] = steering.sets;
    expect(top?.units.toSorted()).toEqual(addresses(causal).toSorted());
    expect(steering.sets.map(({ name }) => name)).toEqual([
      "top 2",
      "bottom 2",
      "random 1 like top 2",
      "random 2 like top 2",
      "random 3 like top 2",
    ]);
    expect(top?.meanAbsT).toBeGreaterThan(20 * (bottom?.meanAbsT ?? NaN));
    const planted = new Set(addresses(causal));
    const others = random.filter(({ units }) => units.every((unit) => !planted.has(unit)));
    expect(others.length).toBeGreaterThan(1);
    console.info(
      `Scaled by 0 and 2: ${steering.sets.map(({ name }) => `${name} ${[0, 2].map((scale) => differenceOf(steering, name, scale).toFixed(2)).join(" and ")}`).join(", ")} of 255`,
    );
    for (const scale of [0, 2]) {
      const most = differenceOf(steering, "top 2", scale);
      expect(most).toBeGreaterThan(1.5 * differenceOf(steering, "bottom 2", scale));
      for (const { name } of others) expect(most).toBeGreaterThan(4 * differenceOf(steering, name, scale));
    }
  });
});

describe("the folder steering", () => {
  const options: SteerOptions = { units: ["top:2"], random: 1, scale: [0], steps: 1, seed: [3, 4] };
  const fileOf = (file: string): string => run.file("steering", file);
  let steering: Steering;
  beforeAll(async () => {
    steering = await steer(run, options);
  });

  it("holds each prompt and seed unsteered and with each set, and how far these are apart", async () => {
    expect(steering).toEqual(await readSteering(run));
    expect(steering.images.map(({ file }) => file)).toEqual(
      [3, 4].flatMap((seed) => [
        `prompt-1-seed-${seed}.png`,
        ...["top-2", "bottom-2", "random-1-like-top-2"].map((set) => `prompt-1-seed-${seed}-${set}-x0.png`),
      ]),
    );
    for (const { file, seed, difference } of steering.images) {
      const unsteered = await readImage(fileOf(`prompt-1-seed-${seed}.png`));
      expect(imageDifference(await readImage(fileOf(file)), unsteered)).toBe(difference);
      expect(difference > 0).toBe(file.includes("-x0"));
    }
    expect(existsSync(run.file("cache"))).toBe(false);
    expect(await verifySteering(run, steering)).toBeNull();
  });

  it("is used as it is, and nothing is opened, when all images are there", async () => {
    const unused = (): never => {
      throw new Error("not to be opened");
    };
    expect(await steerRun(run, unused, { prompt: ["an object"], ...options })).toEqual(steering);
  });

  it("is completed where images are missing or others are asked for, and loses those that are not", async () => {
    const notes: string[] = [];
    const onNote: SteerOptions["onNote"] = ({ text }) => notes.push(text);
    const file = "prompt-1-seed-4-top-2-x0.png";
    const { mtimeMs } = await stat(fileOf("prompt-1-seed-4.png"));
    await rm(fileOf(file));
    const again = await steer(run, { ...options, seed: [4], onNote });
    expect(notes[0]).toMatch(/^1 of 4 images to render/);
    expect(again.images).toEqual(steering.images.filter(({ seed }) => seed === 4)); // the same bytes
    expect(existsSync(fileOf("prompt-1-seed-3.png"))).toBe(false);
    expect((await stat(fileOf("prompt-1-seed-4.png"))).mtimeMs).toBe(mtimeMs);

    await writeFile(fileOf("prompt-1-seed-4.png"), await readFile(fileOf(file))); // another image than was written
    expect((await steer(run, { ...options, seed: [4], onNote })).images).toEqual(again.images);
    expect(notes.filter((text) => text.includes("to render"))[1]).toMatch(/^4 of 4/);
    steering = await steer(run, options);
  });

  it("is found wrong where an image, a difference or a set is another", async () => {
    const [first, second, ...rest] = steering.images;
    if (first === undefined || second === undefined) throw new Error("eight images");
    const changed = { ...steering, images: [first, { ...second, difference: 0.5 }, ...rest] };
    expect(await verifySteering(run, changed)).toMatch(/difference of prompt-1-seed-3-top-2-x0\.png/);
    expect(await verifySteering(run, { ...steering, images: [first] })).toMatch(
      /7 of its images are not rendered/,
    );
    expect(await verifySteering(run, { ...steering, sets: steering.sets.toReversed() })).toMatch(/its sets/);
    expect(await verifySteering(run, { ...steering, capturesSha256: "0" })).toMatch(/other captures/);
    const swapped = { ...steering, images: [first, { ...second, scale: 2 }, ...rest] };
    expect(await verifySteering(run, swapped)).toMatch(/not an image of its settings/);
    const bytes = await readFile(fileOf(second.file));
    await writeFile(fileOf(second.file), await readFile(fileOf(first.file)));
    expect(await verifySteering(run, steering)).toMatch(/top-2-x0\.png is gone, or has other bytes/);
    await writeFile(fileOf(second.file), bytes);
  });

  it("stays as it is if a call is refused", async () => {
    const odd = steer(run, { ...options, width: 100 });
    await expect(odd).rejects.toThrow(/width must be a positive multiple of 16/);
    const gone = steerRun(run, () => Promise.reject(new Error("gone")), { ...options, steps: 3 });
    await expect(gone).rejects.toThrow("gone");
    expect(await readSteering(run)).toEqual(steering);
    expect(await verifySteering(run, steering)).toBeNull();
  });

  it("is rendered again as a whole where what the images depend on has changed", async () => {
    const notes: string[] = [];
    await planOnly(run, {
      ...options,
      prompt: ["an object"],
      guidance: 1,
      onNote: ({ text }) => notes.push(text),
    });
    expect(notes[0]).toMatch(/^8 of 8 images to render/);
  });
});

it("by default renders both sides of a pair in the middle, as the run was, with the ten strongest groups at 0 and 2", async () => {
  const { settings, sets, images } = await planOnly(causalRun, {});
  const { a, b } = promptSet.pairs[6] ?? {};
  expect(settings).toMatchObject({
    prompts: [a, b],
    seeds: [0],
    scale: [0, 2],
    random: 1,
    granularity: "group",
  });
  expect(settings.rendering).toMatchObject({ width: 64, height: 64, steps: 14, guidance: 4, threads: 1 });
  expect(sets.map(({ name, units }) => [name, units.length])).toEqual([
    ["top 10", 10],
    ["bottom 10", 10],
    ["random 1 like top 10", 10],
  ]);
  expect(images).toEqual([]);
});

it("takes the weakest, random or named units, or heads, without those that only the strongest are compared with", async () => {
  const units = ["bottom:3", "random:2", "single.0.head.1"];
  const { sets } = await planOnly(causalRun, { units, granularity: "head", random: 0 });
  expect(sets.map(({ name }) => name)).toEqual(["bottom 3", "random 2", "named"]);
  expect(sets[2]?.units).toEqual(["single.0.head.1"]);
});

describe("refuses", () => {
  const cases: readonly [string, SteerOptions, RegExp][] = [
    ["more units than there are", { units: ["top:5000"] }, /`units: top:5000` asks for 5000 of \d+ units/],
    ["no units", { units: ["top:0"] }, /asks for 0 of/],
    ["an empty list of units", { units: [] }, /`units` is empty/],
    ["a unit that there is none of", { units: ["single.9.mlp[0:16]"] }, /has no group single\.9/],
    ["no factor but 1", { scale: [1] }, /`scale` must be finite numbers, one of them other than 1/],
    ["a factor that is no number", { scale: [NaN] }, /`scale` must be finite numbers/],
    ["more pairs than there are", { pairs: 99 }, /`pairs: 99` must be from 1 to the run's 12 pairs/],
    ["no seeds", { seed: [] }, /`seed` is empty/],
  ];
  it.each(cases)("%s", async (_name, options, message) => {
    const call = steerRun(causalRun, () => Promise.reject(new Error("not to be opened")), options);
    await expect(call).rejects.toMatchObject({ code: "invalid-option" });
    await expect(call).rejects.toThrow(message);
  });

  it("a record that is not its own", async () => {
    const own = await planOnly(causalRun, {});
    const sha256 = "0".repeat(64);
    const image = { sha256, key: "", prompt: 0, seed: 0, set: null, scale: 1, difference: 0 };
    await writeFile(
      causalRun.file(STEERING_FILE),
      JSON.stringify({ ...own, images: [{ ...image, file: "prompt-1-seed-0.png" }] }),
    );
    expect(await readSteering(causalRun)).toMatchObject({ images: [image] });
    for (const [text, message] of [
      ["{", /is not valid JSON/],
      ["null", /is not one that this program writes: the document/],
      [JSON.stringify({ ...own, schemaVersion: 2 }), /schemaVersion/],
      // What is no part of a steering any more is removed: nothing outside its folder may be named.
      [
        JSON.stringify({ ...own, images: [{ ...image, file: "../manifest.json" }] }),
        /images\.0\.file: expected the name/,
      ],
      [
        JSON.stringify({ ...own, images: [{ ...image, file: "prompt-1-seed-0/../../x.png" }] }),
        /images\.0\.file/,
      ],
    ] as const) {
      await writeFile(causalRun.file(STEERING_FILE), text);
      await expect(readSteering(causalRun)).rejects.toThrow(message);
    }
  });
});

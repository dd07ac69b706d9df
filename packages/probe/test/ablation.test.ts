import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { buildTransformerModel, openCheckpoint, openTransformer } from "@measure-plantain/flux-runtime";
import { hookModel, readCapture } from "@measure-plantain/head-hooks";
import { definePromptSet } from "@measure-plantain/prompts";
import { mean } from "d3-array";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { ablateUnits, type AblateOptions } from "../src/ablation/ablate-units.ts";
import { type Ablation, ablationMethods } from "../src/ablation/ablation.ts";
import { readAblation } from "../src/ablation/ablation-file.ts";
import type { Source } from "../src/ablation/choose-sources.ts";
import { findCheckpoint } from "../src/ablation/find-checkpoint.ts";
import { measureReplacements } from "../src/ablation/replacements.ts";
import { verifyAblation } from "../src/ablation/verify-ablation.ts";
import { planTaps } from "../src/captures/plan-taps.ts";
import { parseControls } from "../src/controls/parse-controls.ts";
import { planPlant, type PlantedUnit, type PlantPlan } from "../src/controls/plant/plan-plant.ts";
import { plantEffect } from "../src/controls/plant/plant-effect.ts";
import { readPlant } from "../src/controls/plant/planted-checkpoint.ts";
import { openRun } from "../src/open-run.ts";
import { preparePassInputs } from "../src/passes/prepare-pass-inputs.ts";
import type { ProbeContext } from "../src/passes/probe-context.ts";
import { reopenContext } from "../src/passes/reopen-context.ts";
import { runtimeOptions } from "../src/passes/runtime-options.ts";
import { planProbe } from "../src/plan-probe.ts";
import { createReporter } from "../src/reporter.ts";
import type { RunFolder } from "../src/run-folder/run-folder.ts";
import { runProbe } from "../src/run-probe.ts";

const kleinTiny = join(import.meta.dirname, "../../flux-runtime/test/fixtures/klein-tiny");
const promptSet = definePromptSet({
  name: "few",
  version: "1.0.0",
  title: "A few pairs",
  labels: { a: "small", b: "large" },
  pairs: ["thumb", "house", "hill", "tree"].map((word) => ({
    id: word,
    a: `an object smaller than a ${word}`,
    b: `an object larger than a ${word}`,
  })),
});
const pairs = promptSet.pairs.length;

let place: string;
let run: RunFolder;
let causal: PlantPlan;
let causalRun: RunFolder;
beforeAll(async () => {
  place = await mkdtemp(join(tmpdir(), "ablation-"));
  run = await probe(join(kleinTiny, "checkpoint"), "run", ["planted"]);
  causal = await plantCausalUnits();
  causalRun = await probe(join(place, "causal"), "causal-run");
});
afterAll(() => rm(place, { recursive: true }));

async function probe(folder: string, out: string, controls: string[] = []): Promise<RunFolder> {
  const checkpoint = { id: folder, checkpoint: await openCheckpoint(folder), isSynthesized: false };
  const plan = await planProbe(checkpoint, promptSet, {
    referenceFiles: [join(kleinTiny, "reference.png")],
    width: 64,
    height: 64,
    maxSequenceLength: 48,
    rotaryFrequencies: "bfloat16", // the reference model's frequencies were rounded when it was cast as a whole
    threads: 1,
  });
  return runProbe(plan, join(place, out), { controls: await parseControls(controls, promptSet) });
}

async function reopen(folder: RunFolder): Promise<ProbeContext> {
  const manifest = await folder.readManifest();
  return reopenContext({
    folder,
    manifest,
    checkpoint: await openCheckpoint(join(kleinTiny, "checkpoint")),
    reporter: createReporter({}, 1),
    runtime: runtimeOptions(manifest.settings, { signal: undefined }),
  });
}

/** Two planted units in one block, which respond strongly and reach the rest of the network. */
function makeCausal(plan: PlantPlan): PlantPlan {
  const [block, strength] = [10, 30];
  const units = plan.units.slice(0, 2).map((unit, index): PlantedUnit => {
    const firstChannel = 3 * index * plan.groupSize;
    return {
      ...unit,
      block,
      firstChannel,
      address: `single.${block}.mlp[${firstChannel}:${firstChannel + plan.groupSize}]`,
      answers: unit.answers.map((answer) => strength * answer),
    };
  });
  return { ...plan, effect: strength * plan.effect, gain: 16, units };
}

/** Writes the checkpoint with units of one block that respond to the contrast and reach the velocity. */
async function plantCausalUnits(): Promise<PlantPlan> {
  const context = await reopen(run);
  const { groupSize } = context.settings;
  const plan = makeCausal(
    planPlant(context.checkpoint.transformer.config, {
      design: { kind: "contrast", pairs },
      groupSize,
      seed: 0,
    }),
  );
  await plantEffect(context, await preparePassInputs(context), { plan, folder: join(place, "causal") });
  await run.removeWorkFiles();
  return plan;
}

const addresses = (plan: PlantPlan | null): string[] =>
  (plan?.units ?? []).filter(({ role }) => role === "planted").map(({ address }) => address);

function ablate(folder: RunFolder, options: AblateOptions): Promise<Ablation> {
  return ablateUnits(folder, () => findCheckpoint(folder, { offline: true }), { threads: 1, ...options });
}

describe.each(ablationMethods)("units of known effect, method %s:", (method) => {
  it("planted units whose output is cut off have none: nothing moves, p = 1", async () => {
    const folder = await openRun(join(place, "run/controls/planted-1"));
    const { sets } = await ablate(folder, { units: addresses(await readPlant(folder)), random: 2, method });
    const [named] = sets;
    expect(named?.set.contrastMoved).toEqual(Array(pairs).fill(0));
    expect(named?.tests.contrastMoved).toMatchObject({ observed: 0, p: 1 });
    expect(named?.tests.contrastMoved.nullMinimum).toBeGreaterThan(0);
    expect(named?.tests.disturbance).toMatchObject({ observed: 0, p: 1 });
  });

  it("planted units that reach the velocity carry more of the contrast than any random set of their block", async () => {
    const ablation = await ablate(causalRun, { units: addresses(causal), random: 9, method });
    const [named] = ablation.sets;
    expect(named?.tests.contrastMoved.p).toBe(1 / 10);
    // The more of the planted units a random set happens to hold, the more of the contrast it moves.
    const planted = new Set(addresses(causal));
    const moved = (hit: boolean): number[] =>
      (named?.random ?? [])
        .filter(({ units }) => units.flat().some((unit) => planted.has(unit)) === hit)
        .map(({ contrastMoved }) => mean(contrastMoved) ?? Number.NaN);
    expect(Math.max(...moved(false))).toBeLessThan(Math.min(...moved(true)));
    expect(named?.tests.contrastMoved.observed).toBeGreaterThan(10 * Math.max(...moved(false)));
    expect(ablation.deviationFromRun).toBeLessThan(1e-5);
    expect(await verifyAblation(causalRun, ablation)).toBeNull();
  });
});

it("every pair is run with the units that the other half of the pairs ranks", async () => {
  const {
    folds,
    pairIds,
    sets: [strongest],
  } = await ablate(run, { top: [6], random: 1 });
  expect(folds).toHaveLength(2);
  for (const [fold, { rankedBy, tested }] of folds.entries()) {
    expect([...rankedBy, ...tested].sort()).toEqual([...pairIds].sort());
    const {
      sets: [named],
    } = await ablate(run, { units: strongest?.set.units[fold] ?? [], random: 1 });
    for (const id of tested) {
      const pair = pairIds.indexOf(id);
      expect(strongest?.set.contrastMoved[pair]).toBe(named?.set.contrastMoved[pair]);
    }
  }
  expect(strongest?.set.units[0]).not.toEqual(strongest?.set.units[1]);
});

describe("measureReplacements(context, inputs, sources)", () => {
  it("is the mean over the tokens and prompts of every tapped channel", async () => {
    const context = await reopen(run);
    const { checkpoint, runtime } = context;
    const inputs = await preparePassInputs(context);
    const prompts: Source[] = [
      { pair: 0, condition: 1 },
      { pair: 2, condition: 0 },
      { pair: 3, condition: 1 },
    ];
    const measured = await measureReplacements(context, inputs, [prompts, prompts.slice(2), prompts]);
    // Every token of every channel on its own, averaged here.
    const { model, layout } = hookModel(await buildTransformerModel(checkpoint, runtime), {
      taps: planTaps(checkpoint, []).slice(0, 5), // joint blocks: all of them see the same tokens
      groupSize: 1,
      reduction: "mean",
      perToken: true,
    });
    const transformer = await openTransformer(checkpoint, { ...runtime, rewriteGraph: () => model });
    const byHand: number[][] = [];
    for (const prompt of prompts) {
      const { extraOutputs } = await transformer.predict(await inputs({ ...prompt, replicate: 0 }));
      const { data, shape } = readCapture(extraOutputs, layout);
      const [, tokens = 0, channels = 0] = shape;
      byHand.push(
        Array.from({ length: channels }, (_, channel) =>
          mean(Array.from({ length: tokens }, (__, token) => data[token * channels + channel] ?? NaN)),
        ).map((value) => value ?? NaN),
      );
    }
    await transformer.close();
    const over = (passes: readonly number[][]): number[] =>
      (passes[0] ?? []).map((_, channel) => mean(passes, (pass) => pass[channel]) ?? NaN);
    for (const [place, expected] of [over(byHand), over(byHand.slice(2)), over(byHand)].entries()) {
      const [values = []] = measured[place] ?? [];
      for (const [channel, value] of expected.entries()) expect(values[channel]).toBeCloseTo(value, 5);
    }
    expect(measured[2]).toBe(measured[0]);
    await run.removeWorkFiles();
  });
});

it("an ablation that was ended goes on where it stopped, with the same bytes", async () => {
  const options: AblateOptions = { top: [3], random: 2, method: "resample", seed: 4 };
  await ablate(causalRun, options);
  const whole = await readFile(causalRun.file("ablation.json"), "utf8");
  await rm(causalRun.file("ablation.json"));
  const ending = new AbortController();
  const ended = ablate(causalRun, {
    ...options,
    signal: ending.signal,
    onProgress: ({ stage, done }) => {
      if (stage === "ablating" && done === 9) ending.abort(); // within the second pair
    },
  });
  await expect(ended).rejects.toThrow();
  const notes: string[] = [];
  await ablate(causalRun, { ...options, onNote: ({ text }) => notes.push(text) });
  expect(notes.join("\n")).toMatch(/3 of 4 pairs to do, 27 passes: .* and 3 for what is put/);
  expect(await readFile(causalRun.file("ablation.json"), "utf8")).toBe(whole);
});

describe("verifyAblation names", () => {
  it.each<[string, (ablation: Ablation) => unknown, RegExp]>([
    [
      "a p that does not follow",
      ({ sets: [first, ...rest], ...ablation }) => ({
        ...ablation,
        sets: [
          { ...first, tests: { ...first?.tests, disturbance: { ...first?.tests.disturbance, p: 0.001 } } },
          ...rest,
        ],
      }),
      /statistics of top 3 do not follow/,
    ],
    [
      "halves of another seed",
      ({ folds, ...ablation }) => ({ ...ablation, folds: folds.toReversed() }),
      /halves of the pairs are not those of the seed/,
    ],
    [
      "other passes than those of the seed",
      ({ resampledFrom, ...ablation }) => ({ ...ablation, resampledFrom: resampledFrom?.toReversed() }),
      /passes that it resamples/,
    ],
    [
      "other random sets than those of the seed",
      ({ sets: [first, ...rest], ...ablation }) => ({
        ...ablation,
        sets: [{ ...first, random: first?.random.toReversed() }, ...rest],
      }),
      /random sets of top 3 are not those of the seed/,
    ],
    [
      "units of the other half",
      ({ sets: [first, ...rest], ...ablation }) => ({
        ...ablation,
        sets: [{ ...first, set: { ...first?.set, units: first?.set.units.toReversed() } }, ...rest],
      }),
      /units of top 3 are not those of the run/,
    ],
    ["other captures", (ablation) => ({ ...ablation, capturesSha256: "0" }), /made with other captures/],
  ])("%s", async (_, change, problem) => {
    const path = causalRun.file("ablation.json");
    const text = await readFile(path, "utf8");
    await writeFile(path, JSON.stringify(change(JSON.parse(text) as Ablation)));
    const changed = await readAblation(causalRun);
    await writeFile(path, text);
    expect(changed && (await verifyAblation(causalRun, changed))).toMatch(problem);
  });

  it("and a file of another form is refused by its reader", async () => {
    const path = causalRun.file("ablation.json");
    await writeFile(path, '{ "schemaVersion": 1 }');
    await expect(readAblation(causalRun)).rejects.toThrow(
      /schema version 1; this program reads version 2.*ablate again/,
    );
  });
});

import { definePromptSet } from "@measure-plantain/prompts";
import { expect, test } from "vitest";
import type { ReproducedRun } from "@measure-plantain/report";
import { formatCommands, type RunRecord } from "./command-line.ts";

const promptSet = definePromptSet({
  name: "few",
  version: "1.0.0",
  title: "Few",
  labels: { a: "small", b: "large" },
  pairs: [
    { id: "one", a: "a speck", b: "a hill" },
    { id: "two", a: "a grain", b: "a sea" },
  ],
});
const run: RunRecord = {
  packages: { "measure-plantain": "0.1.0" },
  promptSet,
  prompts: { argument: "few.json" },
  stages: [],
  settings: {
    checkpoint: { id: "tiny", files: [] },
    promptSet: { name: "few", version: "1.0.0", sha256: "0a", pairs: 2 },
    references: [],
    noiseSeeds: [0],
    noise: "shared",
    sigmas: [1],
    width: 64,
    height: 64,
    maxSequenceLength: 48,
    steps: 1,
    guidance: 1,
    groupSize: 16,
    capture: "mean-square",
    taps: [],
    segments: false,
    textEncoderLayers: [9, 18, 27],
    rotaryFrequencies: "float32",
    device: "cpu",
    dtype: "float32",
    weights: "mapped",
    batch: 1,
    threads: 2,
  },
};
const withWeights = (seed: number): RunRecord => ({
  ...run,
  settings: {
    ...run.settings,
    checkpoint: { id: `random ${seed}`, change: { kind: "random-weights", seed, of: "tiny" }, files: [] },
  },
});
const withPrompts = (argument: string, control?: string): RunRecord => ({
  ...run,
  prompts: { argument, ...(control !== undefined && { control }) },
  settings: {
    ...run.settings,
    noise: control === "identical" ? "independent" : "shared",
    promptSet: { ...run.settings.promptSet, sha256: argument + (control ?? "") },
  },
});
const format = (changes: Partial<ReproducedRun<RunRecord>>): string[] =>
  formatCommands({
    manifest: run,
    controls: [],
    flips: 200,
    ablation: null,
    steering: null,
    ...changes,
  })?.split("\n") ?? [];
const named = (...manifests: RunRecord[]): ReproducedRun<RunRecord>["controls"] =>
  manifests.map((manifest, place) => ({ name: `control-${place}`, manifest }));

test("formatCommands names every control of the folder, weights by their highest seed, and the flips", () => {
  const controls = named(
    withWeights(1),
    withPrompts("colours.json"),
    withPrompts("few.json", "identical"),
    withWeights(3),
  );
  const [command, ...others] = format({ controls, flips: "exact" });
  expect(command).toMatch(
    /^npx measure-plantain run --checkpoint tiny --control random-weights:3 colours\.json identical --prompts few\.json /,
  );
  expect(command).toMatch(/--flips exact$/);
  expect(command).not.toContain("--independent-noise"); // which is the identical control's own
  expect(others).toEqual([]);
});

test("formatCommands makes a control of other settings by a run of its own, then the results of both", () => {
  const seven = { ...run, settings: { ...run.settings, noiseSeeds: [7] } };
  const [first, second, third] = format({ controls: [{ name: "seed-7", manifest: seven }] });
  expect(first).toMatch(/ --flips 200 --out run$/);
  expect(second).toMatch(/--seed 7 .* --out run\/controls\/seed-7$/);
  expect(third).toBe("npx measure-plantain stats run --flips 200");
});

test("formatCommands ablates what was ablated", () => {
  const settings = {
    granularity: "head",
    method: "mean",
    rankBy: "half",
    top: [2],
    units: ["single.1.head.0"],
    random: 5,
    seed: 3,
    pairs: [0],
    device: "cpu",
    dtype: "float32",
  } as const;
  expect(format({ ablation: { settings } }).at(-1)).toBe(
    "npx measure-plantain ablate run --granularity head --method mean --rank-by half --top 2 --units single.1.head.0 --random 5 --seed 3 --pairs 1",
  );
});

test("formatCommands steers what was steered", () => {
  const settings = {
    granularity: "group",
    units: ["top:2", "single.1.mlp[0:16]"],
    random: 3,
    setSeed: 7,
    scale: [0, 1.5],
    prompts: ["a small cat", "x"],
    seeds: [4, 5],
    rendering: {
      width: 64,
      height: 32,
      steps: 2,
      guidance: 4,
      maxSequenceLength: 52,
      textEncoderLayers: [1, 2, 3],
      rotaryFrequencies: "float32",
      device: "cpu",
      dtype: "float32",
      weights: "mapped",
      threads: null,
    },
  } as const;
  expect(format({ steering: { settings } }).at(-1)).toBe(
    "npx measure-plantain steer run --granularity group --units top:2 'single.1.mlp[0:16]' --scale 0 1.5 --random 3 --set-seed 7 --prompt 'a small cat' x --seed 4 5 --width 64 --height 32 --steps 2 --guidance 4 --device cpu --dtype float32 --weights mapped",
  );
});

test("formatCommands asks again for hashes of whole files and for the placement of nodes", () => {
  const files = [{ file: "model", bytes: 1, headerSha256: "0b", sha256: "0c" }];
  const stages = [
    { stage: "capture", seconds: 1, peakPrivateMemory: 0, peakResidentMemory: 0, placement: {} },
  ];
  const settings = { ...run.settings, checkpoint: { id: "tiny", files } };
  expect(format({ manifest: { ...run, settings, stages } })[0]).toContain("--full-hash --trace-placement");
});

test("formatCommands asks again for what the captures were, if it was not the default", () => {
  const settings = { ...run.settings, capture: "signed", textEncoderLayers: [12, 24, 36] } as const;
  const [command] = format({ manifest: { ...run, settings } });
  expect(command).toContain(" --capture signed ");
  expect(command).toContain(" --text-encoder-layers 12,24,36 ");
  expect(format({})[0]).not.toContain("--capture");
});

test("formatCommands knows no command that makes the run of another program", () => {
  const foreign = { ...run, packages: { "otherview-plantain": "1.0.0" } };
  expect(
    formatCommands({ manifest: foreign, controls: [], flips: 200, ablation: null, steering: null }),
  ).toBeNull();
});

import { cpSync, existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { openCheckpoint } from "@measure-plantain/flux-runtime";
import { mean } from "d3-array";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Ablation } from "@measure-plantain/probe";
import { readAblation as readAblationFile } from "../../../packages/probe/src/ablation/ablation-file.ts";
import { verifyAblation } from "../../../packages/probe/src/ablation/verify-ablation.ts";
import {
  planPlant,
  type PlantedUnit,
  type PlantPlan,
} from "../../../packages/probe/src/controls/plant/plan-plant.ts";
import { plantEffect } from "../../../packages/probe/src/controls/plant/plant-effect.ts";
import { openRun } from "../../../packages/probe/src/open-run.ts";
import { preparePassInputs } from "../../../packages/probe/src/passes/prepare-pass-inputs.ts";
import { reopenContext } from "../../../packages/probe/src/passes/reopen-context.ts";
import { runtimeOptions } from "../../../packages/probe/src/passes/runtime-options.ts";
import { createReporter } from "../../../packages/probe/src/reporter.ts";
import { createWorkplace, finish, promptSetJson, type Finished } from "./cli.ts";

const place = createWorkplace();
const words = ["thumb", "house", "hill", "tree"];
const pairs = words.map((word) => ({
  id: word,
  a: `an object smaller than a ${word}`,
  b: `an object larger than a ${word}`,
}));
const small = ["--width", "64", "--height", "64", "--max-sequence-length", "48", "--quiet", "--threads", "1"];
const quiet = ["--quiet", "--threads", "1"];

const runProbe = (...args: string[]): Promise<Finished> =>
  place.run("run", "--prompts", "few.json", ...small, ...args);
const readAblation = (run: string): Ablation =>
  JSON.parse(readFileSync(place.path(run, "ablation.json"), "utf8")) as Ablation; // what the command wrote
const addresses = ({ units }: PlantPlan): string[] =>
  units.filter(({ role }) => role === "planted").map(({ address }) => address);

/** Four planted units in one block, which answer strongly and reach the rest of the network. */
function makeCausal(plan: PlantPlan): PlantPlan {
  const [block, strength] = [10, 30];
  const units = plan.units.slice(0, 4).map((unit, place): PlantedUnit => {
    const firstChannel = 3 * place * plan.groupSize;
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

/** Writes the run's checkpoint with units of one block that answer to the contrast and reach the velocity. */
async function plantCausalUnits(): Promise<PlantPlan> {
  const folder = await openRun(place.path("run"));
  const manifest = await folder.readManifest();
  const checkpoint = await openCheckpoint(place.path("cache/random-tiny-v2"));
  const { groupSize } = manifest.settings;
  const plan = makeCausal(
    planPlant(checkpoint.transformer.config, { pairs: pairs.length, groupSize, seed: 0 }),
  );
  const context = await reopenContext({
    folder,
    manifest,
    checkpoint,
    reporter: createReporter({}, 1),
    runtime: runtimeOptions(manifest.settings, undefined),
  });
  await plantEffect(context, await preparePassInputs(context), { plan, folder: place.path("causal") });
  await folder.removeWorkFiles();
  return plan;
}

let causal: PlantPlan;
beforeAll(async () => {
  writeFileSync(place.path("few.json"), promptSetJson({ pairs }));
  expect(await runProbe("--out", "run", "--control", "planted")).toMatchObject({ exitCode: 0, stderr: "" });
  causal = await plantCausalUnits();
  const reference = ["--reference", place.path("run/reference.png")];
  expect(await runProbe("--checkpoint", "causal", "--out", "causal-run", ...reference)).toMatchObject({
    exitCode: 0,
    stderr: "",
  });
}, 120_000);
afterAll(() => {
  place.remove();
});

describe("units of known effect", () => {
  it("planted units whose output is cut off have none: nothing moves, p = 1", async () => {
    const run = "run/controls/planted-1";
    const plan = JSON.parse(readFileSync(place.path(run, "plant.json"), "utf8")) as PlantPlan;
    const finished = await place.run("ablate", run, "--units", ...addresses(plan), "--random", "5", ...quiet);
    expect(finished).toMatchObject({ exitCode: 0, stderr: "" });
    const [named] = readAblation(run).sets;
    expect(named?.set.contrastMoved).toEqual([0, 0, 0, 0]);
    expect(named?.tests.contrastMoved).toMatchObject({ observed: 0, p: 1 });
    expect(named?.tests.contrastMoved.nullMinimum).toBeGreaterThan(0);
    expect(named?.tests.disturbance).toMatchObject({ observed: 0, p: 1 });
    expect(finished.stdout).toContain("It was not seen that more of the contrast goes through them");
  });

  it("planted units that reach the velocity carry more of the contrast than any random set of their block", async () => {
    const args = ["--units", ...addresses(causal), "--random", "19", ...quiet];
    const finished = await place.run("ablate", "causal-run", ...args);
    expect(finished).toMatchObject({ exitCode: 0, stderr: "" });
    const ablation = readAblation("causal-run");
    const [named] = ablation.sets;
    expect(named?.tests.contrastMoved.p).toBe(1 / 20);
    // The more of the planted units a random set happens to hold, the more of the contrast it moves.
    const planted = new Set(addresses(causal));
    const moved = (hit: boolean): number[] =>
      (named?.random ?? [])
        .filter(({ units }) => units.some((unit) => planted.has(unit)) === hit)
        .map(({ contrastMoved }) => mean(contrastMoved) ?? Number.NaN);
    expect(Math.max(...moved(false))).toBeLessThan(Math.min(...moved(true)));
    expect(named?.tests.contrastMoved.observed).toBeGreaterThan(10 * Math.max(...moved(false)));
    expect(ablation.deviationFromRun).toBeLessThan(1e-5);
  });
});

const heads = ["--granularity", "head", "--top", "1", "3", "--random", "6", "--pairs", "3", "--threads", "1"];

it("ablates the strongest units or heads of a run, several sets at once, on a part of the pairs", async () => {
  const { exitCode, stdout } = await place.run("ablate", "run", ...heads, "--json", "--quiet");
  expect(exitCode).toBe(0);
  const ablation = JSON.parse(stdout) as Ablation;
  expect(ablation).toEqual(readAblation("run"));
  expect(ablation.pairIds).toEqual(["thumb", "house", "hill"]);
  expect(ablation.sets.map(({ name, set }) => [name, set.units.length])).toEqual([
    ["top 1", 1],
    ["top 3", 3],
  ]);
  for (const { set, random } of ablation.sets) {
    expect(random).toHaveLength(6);
    for (const { contrastMoved } of [set, ...random]) {
      expect(contrastMoved.every((value) => value > 0 && value < 1)).toBe(true);
    }
  }
  expect(existsSync(place.path("run/cache"))).toBe(false);
});

it("the report and the summary show it, also when they are written anew", async () => {
  expect((await place.run("stats", "run")).exitCode).toBe(0);
  expect(readFileSync(place.path("run/report.html"), "utf8")).toContain('<section id="ablation">');
  expect(readFileSync(place.path("run/summary.md"), "utf8")).toMatch(
    /## Without these units\n\n3 pairs, real attention heads/,
  );
});

it("an ablation that was killed goes on where it stopped, and ends with the same bytes", async () => {
  cpSync(place.path("run"), place.path("killed"), { recursive: true });
  rmSync(place.path("killed/ablation.json")); // else it would be used as it is
  const cache = place.path("killed/cache");
  const stored = (): string[] =>
    (existsSync(cache) ? readdirSync(cache, { recursive: true }) : [])
      .map(String)
      .filter((file) => /ablation-\w+.\d+\.json$/.test(file));
  const child = place.start("ablate", "killed", ...heads);
  const ended = finish(child);
  while (stored().length === 0 && child.exitCode === null)
    await new Promise((resume) => setTimeout(resume, 10));
  child.kill("SIGKILL");
  expect((await ended).exitCode).toBeNull();
  const resumed = await place.run("ablate", "killed", ...heads);
  expect(resumed.stderr).toMatch(/[12] of 3 pairs to do/);
  expect(resumed.exitCode).toBe(0);
  const [killed, whole] = ["killed", "run"].map((run) =>
    readFileSync(place.path(run, "ablation.json"), "utf8"),
  );
  expect(killed).toBe(whole);
});

describe("verify", () => {
  it("computes the sets and their p anew", async () => {
    const { exitCode, stdout } = await place.run("verify", "run");
    expect(stdout).toMatch(/^✓ ablation\.json$/m);
    expect(exitCode).toBe(0);
  });

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
      /statistics of top 1 do not follow/,
    ],
    [
      "random sets of another seed",
      ({ settings, ...ablation }) => ({
        ...ablation,
        settings: { ...settings, seed: 5 },
      }),
      /random sets of top 1 are not those of the seed/,
    ],
    ["other captures", (ablation) => ({ ...ablation, capturesSha256: "0" }), /made with other captures/],
  ])("names %s", async (_, change, problem) => {
    writeFileSync(place.path("killed/ablation.json"), JSON.stringify(change(readAblation("run"))));
    const folder = await openRun(place.path("killed"));
    const changed = await readAblationFile(folder);
    expect(changed && (await verifyAblation(folder, changed))).toMatch(problem);
  });
});

describe("refuses", () => {
  it.each([
    ["more units than there are", ["run", "--top", "1000"], /--top 1000 asks for the strongest of 680 units/],
    ["more pairs than there are", ["run", "--pairs", "5"], /--pairs 5 exceeds the run's 4 pairs/],
    ["a checkpoint that is gone", ["run", "--checkpoint", "nowhere/at/all"], /cannot be opened.*nowhere/s],
    ["another checkpoint", ["run", "--checkpoint", "causal"], /causal is not the checkpoint of the run/],
  ])("%s", async (_, args, message) => {
    const { exitCode, stderr } = await place.run("ablate", ...args, "--quiet");
    expect(stderr).toMatch(message);
    expect(exitCode).toBe(2);
  });

  it("weights that changed under the same names and sizes", async () => {
    const file = "transformer/diffusion_pytorch_model-00001-of-00002.safetensors";
    cpSync(place.path("cache/random-tiny-v2"), place.path("other"), { recursive: true });
    const path = place.path("other", file);
    const bytes = readFileSync(path);
    bytes.fill(0, bytes.length / 2);
    writeFileSync(path, bytes);
    const { exitCode, stderr } = await place.run(
      "ablate",
      "run",
      "--checkpoint",
      "other",
      "--random",
      "1",
      "--quiet",
    );
    expect(stderr).toMatch(/root mean squares that differ from the run's/);
    expect(exitCode).toBe(2);
  });
});

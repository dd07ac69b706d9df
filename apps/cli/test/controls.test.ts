import { cpSync, existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { afterAll, beforeAll, expect, it } from "vitest";
import type { Manifest } from "@measure-plantain/probe";
import type { RunComparison, Summary } from "@measure-plantain/report";
import { createWorkplace, fewBlocks, givenReference, kleinTiny, promptSetJson } from "./cli.ts";

const place = createWorkplace();
const size = ["--width", "64", "--height", "64", "--max-sequence-length", "48", "--quiet"];
const small = [...size, ...givenReference, ...fewBlocks];
const args = [
  "run",
  "--prompts",
  "few.json",
  ...small,
  "--out",
  "run",
  "--control",
  "random-weights",
  "colours.json",
];
const comparisons = (): RunComparison[] =>
  JSON.parse(readFileSync(place.path("run/comparison.json"), "utf8")) as RunComparison[]; // what the command wrote

beforeAll(() => {
  const pairs = ["thumb", "house", "hill"].map((id) => ({
    id,
    a: `a red object like a ${id}`,
    b: `a blue object like a ${id}`,
  }));
  writeFileSync(place.path("few.json"), promptSetJson());
  writeFileSync(place.path("colours.json"), promptSetJson({ name: "colours", pairs }));
});
afterAll(() => {
  place.remove();
});

it("runs each control beside the run, on the same fixed image, and compares them", async () => {
  const { exitCode, stderr } = await place.run(...args);
  expect(stderr).toBe("");
  expect(exitCode).toBe(0);
  const image = readFileSync(place.path("run/reference.png"));
  for (const control of ["random-weights-1", "colours"]) {
    expect(existsSync(place.path("run/controls", control, "units.csv"))).toBe(true);
    expect(readFileSync(place.path("run/controls", control, "reference.png")).equals(image)).toBe(true);
  }
  // What a control was made from is written down, and the command that makes it again says so.
  const { settings } = JSON.parse(
    readFileSync(place.path("run/controls/random-weights-1/manifest.json"), "utf8"),
  ) as Manifest; // what the command wrote
  expect(settings.checkpoint.change).toEqual({ kind: "random-weights", seed: 1, of: fewBlocks[1] });
  const card = readFileSync(place.path("run/controls/random-weights-1/summary.md"), "utf8");
  expect(card).toContain(`--checkpoint ${fewBlocks[1]} --control random-weights:1`);
  expect(comparisons().map(({ name }) => name)).toEqual(["colours", "random-weights-1"]);
  expect(comparisons()[0]?.granularities.map(({ name }) => name)).toEqual(["group", "head", "mlp"]);
  expect(readFileSync(place.path("run/report.html"), "utf8")).toContain("Beside its controls");
  const { controls } = JSON.parse(readFileSync(place.path("run/summary.json"), "utf8")) as Summary; // what the command wrote
  expect(controls.map(({ name, kind }) => [name, kind])).toEqual([
    ["colours", "prompts"],
    ["random-weights-1", "weights"],
  ]);
});

it("verify holds the run, each control, and their comparison against the captures", async () => {
  const { exitCode, stdout } = await place.run("verify", "run");
  expect(stdout).toMatch(/^✓ comparison\.json$/m);
  expect(stdout).toMatch(/^✓ controls\/random-weights-1: units\.parquet$/m);
  expect(exitCode).toBe(0);
  cpSync(place.path("run"), place.path("changed"), { recursive: true });
  const path = place.path("changed/controls/colours/captures.safetensors");
  const bytes = readFileSync(path);
  bytes.writeFloatLE(2, bytes.length - 4);
  writeFileSync(path, bytes);
  const changed = await place.run("verify", "changed");
  expect(changed.exitCode).toBe(2);
  expect(changed.stdout).toMatch(/^✗ controls\/colours: captures\.safetensors is what the run wrote/m);
  expect(changed.stdout).toMatch(/^✗ comparison\.json/m);
});

it("two runs that make the same checkpoints at the same time take one another's", async () => {
  const controls = ["--control", "random-weights", "planted"];
  const twice = ["one", "two"].map((out) => [
    ...args.slice(0, 3),
    ...size,
    ...givenReference,
    "--out",
    out,
    ...controls,
  ]);
  const runs = await Promise.all(
    twice.map((own) => place.runIn(".", { MEASURE_PLANTAIN_CACHE: place.path("empty") }, ...own)),
  );
  expect(runs.map(({ exitCode, stderr }) => ({ exitCode, stderr }))).toEqual([
    { exitCode: 0, stderr: "" },
    { exitCode: 0, stderr: "" },
  ]);
  expect(readdirSync(place.path("empty")).map((name) => name.replace(/-.*/, ""))).toEqual([
    "planted",
    "random",
    "randomized",
  ]);
});

it("a second time uses what is there", async () => {
  const before = comparisons();
  expect((await place.run(...args)).exitCode).toBe(0);
  expect(comparisons()).toEqual(before);
});

it("refuses a control of other settings by its name, and leaves the run as it is", async () => {
  writeFileSync(place.path("colours.json"), promptSetJson({ name: "colours", title: "Other pairs" }));
  const { exitCode, stderr } = await place.run(...args);
  expect(exitCode).toBe(2);
  expect(stderr).toMatch(/Control colours:.*other settings.*promptSet\.sha256/s);
});

it("ablate finds the weights of a control again", async () => {
  const control = "run/controls/random-weights-1";
  const { exitCode, stderr } = await place.run(
    "ablate",
    control,
    "--rank-by",
    "all", // three pairs have no halves
    "--top",
    "1",
    "--random",
    "1",
    "--pairs",
    "1",
  );
  expect(stderr).not.toContain("cannot be opened");
  expect(exitCode).toBe(0);
  expect(existsSync(place.path(control, "ablation.json"))).toBe(true);
});

it("compare holds any run folders of one shape against each other", async () => {
  const { exitCode, stdout } = await place.run("compare", "run", "run/controls/random-weights-1");
  expect(exitCode).toBe(0);
  expect(stdout).toMatch(/group \(40\): correlation of t -?0\.\d+; \d+ of the top 10 shared/);
  expect((await place.run("compare", "run")).exitCode).toBe(2);
});

it("compare names first what differs between the runs, and subtracts contrasts only over the same tokens", async () => {
  const wide = [
    "--prompts",
    "few.json",
    ...size,
    ...fewBlocks,
    "--width",
    "96",
    "--seed",
    "7",
    "--out",
    "wide",
  ];
  expect((await place.run("run", ...wide, "--reference", "run/reference.png")).exitCode).toBe(0);
  const { exitCode, stdout } = await place.run("compare", "run", "wide", "run", "run/controls/colours");
  expect(exitCode).toBe(0);
  const [other = "", itself = "", colours = ""] = stdout.split("\n\n");
  // The fixed image of the run and its copy are one image; nothing else that is equal is named.
  expect(other.split("\n").slice(0, 3)).toEqual([
    "wide",
    "  differs: noiseSeeds: 0 here, 7 there",
    "  differs: width: 64 here, 96 there",
  ]);
  expect(other).toMatch(
    /no difference of contrasts: their root mean squares are means over other tokens \(48 text tokens, 64 × 64 pixels.* here, 48 text tokens, 96 × 64 pixels.* there\)/,
  );
  expect(itself).toMatch(
    /^run\n {2}no setting differs\n {2}group.*\n {2} *no difference of contrasts: nothing in it varies/,
  );
  expect(colours).toMatch(
    /^run\/controls\/colours\n {2}differs: promptSet: few 1\.0\.0, 3 pairs \(.*\) here, colours 1/,
  );
  expect(colours).toMatch(/difference max \|t\|/);
  const { stdout: json } = await place.run("compare", "run", "wide", "--json");
  const [comparison] = JSON.parse(json) as RunComparison[]; // what the command wrote
  expect(comparison?.differences.at(-1)).toEqual({ setting: "width", here: "64", there: "96" });
});

it("compare takes the flips that it is told, as a run and its controls do", async () => {
  const compared = async (...flips: string[]): Promise<unknown> => {
    const { stdout } = await place.run("compare", "run", "run/controls/colours", "--json", ...flips);
    return (JSON.parse(stdout) as RunComparison[])[0]?.granularities; // what the command wrote
  };
  expect(await compared()).toEqual(comparisons().find(({ name }) => name === "colours")?.granularities);
  const exact = await compared("--flips", "exact");
  expect(exact).not.toEqual(await compared());
  expect((await place.run("stats", "run", "--flips", "exact")).exitCode).toBe(0);
  expect(exact).toEqual(comparisons().find(({ name }) => name === "colours")?.granularities);
  expect((await place.run("verify", "run")).exitCode).toBe(0);
  expect((await place.run("stats", "run")).exitCode).toBe(0);
});

it("compare refuses runs that have other units", async () => {
  const args = ["--prompts", "few.json", ...small, "--checkpoint", kleinTiny + "/checkpoint"];
  expect((await place.run("run", ...args, "--out", "narrow")).exitCode).toBe(0);
  const { exitCode, stdout, stderr } = await place.run("compare", "run", "narrow");
  expect(stderr).toMatch(/The runs have other units at the granularity group: 40 and \d+\./);
  expect({ exitCode, stdout }).toEqual({ exitCode: 2, stdout: "" });
});

import { readFileSync, writeFileSync } from "node:fs";
import { readTensors, type Tensor } from "@measure-plantain/flux-runtime";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Manifest } from "@measure-plantain/probe";
import type { Summary } from "@measure-plantain/report";
import { createWorkplace, fewBlocks, promptSetJson } from "./cli.ts";

const place = createWorkplace();
const small = [
  ...["--prompts", "few.json", "--width", "64", "--height", "64", "--max-sequence-length", "48"],
  ...fewBlocks,
  "--quiet",
];

async function capture(out: string, ...args: readonly string[]): Promise<ReadonlyMap<string, Tensor>> {
  const { exitCode, stderr } = await place.run("run", ...small, ...args, "--out", out);
  expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: "" });
  return readTensors(place.path(out, "captures.safetensors"));
}

/** The values of one repetition in a stack [replicates, …], or all of a tensor. */
function values(tensors: ReadonlyMap<string, Tensor>, name: string, replicate?: number): Float32Array {
  const { data, shape } = tensors.get(name) ?? { data: new Float32Array(), shape: [] };
  if (replicate === undefined) return data;
  const length = data.length / (shape[0] ?? 1);
  return data.slice(replicate * length, (replicate + 1) * length);
}

beforeAll(() => {
  writeFileSync(place.path("few.json"), promptSetJson());
});
afterAll(() => {
  place.remove();
});

describe("repeated over noise seeds, fixed images and noise levels,", () => {
  let grid: ReadonlyMap<string, Tensor>;
  const axes = ["--noise-seeds", "2", "--references", "2", "--sigmas", "1", "0.5"];
  beforeAll(async () => {
    grid = await capture("grid", ...axes);
  });

  it("each repetition is the run that has these settings alone", async () => {
    expect(grid.get("replicates")?.shape.slice(0, 3)).toEqual([8, 3, 2]);
    const alone: [number, string[]][] = [
      [0, []],
      [3, ["--seed", "1", "--sigmas", "0.5"]],
      [6, ["--reference-seed", "2", "--seed", "1"]],
    ];
    for (const [replicate, args] of alone) {
      const single = await capture(`alone-${replicate}`, ...args);
      expect([...single.keys()]).not.toContain("replicates");
      expect(values(grid, "replicates", replicate)).toEqual(values(single, "mean_square"));
    }
  });

  it("what is tested is the mean over the repetitions", () => {
    const stack = [0, 1, 2, 3, 4, 5, 6, 7].map((replicate) => values(grid, "replicates", replicate));
    const mean = values(grid, "mean_square").map((_, i) =>
      stack.reduce((sum, each) => sum + (each[i] ?? Number.NaN) / 8, 0),
    );
    for (const [i, value] of values(grid, "mean_square").entries())
      expect(value).toBeCloseTo(mean[i] ?? 0, 5);
  });

  it("summary and page say how each was run and what it shows alone", () => {
    const { replicates } = JSON.parse(readFileSync(place.path("grid/summary.json"), "utf8")) as Summary; // its own
    expect(replicates.map(({ reference, noiseSeed, sigma }) => [reference, noiseSeed, sigma])).toEqual(
      [0, 1].flatMap((image) => [0, 1].flatMap((seed) => [1, 0.5].map((sigma) => [image, seed, sigma]))),
    );
    for (const { correlationWithMean } of replicates) expect(correlationWithMean).toBeGreaterThan(0.1);
    const page = readFileSync(place.path("grid/report.html"), "utf8");
    expect(page.match(/data-replicate="\d"/g)).toHaveLength(8);
    expect(page).toContain(`value="${replicates[5]?.maximum ?? ""}"`);
    expect(readFileSync(place.path("grid/summary.md"), "utf8")).toContain("### By repetition");
  });

  it("both images lie in the folder, and verify checks them and the mean", async () => {
    const { exitCode, stdout } = await place.run("verify", "grid");
    expect(stdout).toContain("✓ reference-2.png is the image of the run");
    expect(exitCode).toBe(0);
  });

  it("killed amid its passes, goes on to the same bytes", async () => {
    const stored = await place.killAmidPasses("killed", 5, "run", ...small, ...axes);
    expect(stored).toBeLessThan(48);
    expect(values(await capture("killed", ...axes), "replicates")).toEqual(values(grid, "replicates"));
  });

  it("refuses to go on with other settings, by name", async () => {
    const { exitCode, stderr } = await place.run("run", ...small, "--noise-seeds", "3", "--out", "grid");
    expect(exitCode).toBe(2);
    expect(stderr).toMatch(/other settings.*noiseSeeds\.2: nothing there, 2 now/s);
  });

  it("is joined from shards to the same bytes", async () => {
    const shards = ["1/2", "2/2"];
    for (const shard of shards) await capture(`shard-${shard[0] ?? ""}`, ...axes, "--shard", shard);
    expect((await place.run("merge", "merged", "shard-1", "shard-2", "--quiet")).exitCode).toBe(0);
    const bytes = (folder: string): Buffer => readFileSync(place.path(folder, "captures.safetensors"));
    expect(bytes("merged").equals(bytes("grid"))).toBe(true);
  });
});

it("the control `identical` is an A/A run: the same prompts, another noise for each pass", async () => {
  await capture("with-control", "--control", "identical", "shuffled");
  const read = (...path: readonly string[]): unknown =>
    JSON.parse(readFileSync(place.path("with-control/controls", ...path), "utf8"));
  const { settings, promptSet } = read("identical", "manifest.json") as Manifest; // what the command wrote
  expect(settings).toMatchObject({ noise: "independent", references: [{ kind: "file" }] });
  expect(promptSet.pairs.map(({ a, b }) => a === b)).toEqual([true, true, true]);
  const { granularities } = read("identical", "summary.json") as Summary; // what the command wrote
  expect(granularities[0]?.degenerate.count).toBe(0); // every unit differs, by its noise
  const shuffled = read("shuffled", "manifest.json") as Manifest; // what the command wrote
  expect(shuffled.promptSet.pairs.map(({ id }) => id)).toEqual(["thumb", "house", "hill"]);
  expect(shuffled.settings.noise).toBe("shared");
});

it.each([
  [["--sigmas", "0"], /above 0 and up to 1/],
  [["--sigmas", "0.5", "0.5"], /given twice/],
  [["--sigmas", "0.5", "--prompts", "bare.json"], /the prompt set has none/],
  [["--references", "2", "--prompts", "bare.json"], /describes no fixed image/],
  [["--noise-seeds", "0"], /whole number from 1/],
])("refuses %j", async (args, message) => {
  writeFileSync(place.path("bare.json"), promptSetJson({ name: "bare", reference: undefined }));
  const { exitCode, stderr } = await place.run("run", ...small, ...args, "--out", "refused");
  expect(stderr).toMatch(message);
  expect(exitCode).toBe(2);
});

it("--trace-placement records for every stage on which provider each node ran", async () => {
  const { exitCode, stderr } = await place.run(
    "run",
    ...small.slice(0, -1),
    "--trace-placement",
    "--out",
    "traced",
  );
  expect(exitCode).toBe(0);
  expect(stderr).toMatch(/Placement, capture passes: all \d+ nodes on CPUExecutionProvider\./);
  const { stages } = JSON.parse(readFileSync(place.path("traced/manifest.json"), "utf8")) as Manifest; // its own
  const passes = stages.find(({ stage }) => stage === "capture passes");
  expect(Object.keys(passes?.placement ?? {})).toEqual(["CPUExecutionProvider"]);
  expect(passes?.placement?.["CPUExecutionProvider"]?.["MultiHeadAttention"]).toBe(2);
  for (const { placement } of stages) expect(Object.keys(placement ?? {})).toEqual(["CPUExecutionProvider"]);
});

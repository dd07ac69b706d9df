import { cpSync, existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Ablation } from "@measure-plantain/probe";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { createWorkplace, finish, kleinTiny, promptSetJson, type Finished } from "./cli.ts";

const place = createWorkplace();
const checkpoint = join(kleinTiny, "checkpoint");
const WEIGHTS = "diffusion_pytorch_model.safetensors";
const words = ["thumb", "house", "hill", "tree"];
const pairs = words.map((word) => ({
  id: word,
  a: `an object smaller than a ${word}`,
  b: `an object larger than a ${word}`,
}));
const small = ["--width", "64", "--height", "64", "--max-sequence-length", "48", "--quiet", "--threads", "1"];
const reference = ["--reference", join(kleinTiny, "reference.png"), "--rope-frequencies", "bfloat16"];

const runProbe = (...args: string[]): Promise<Finished> =>
  place.run("run", "--checkpoint", checkpoint, ...reference, ...small, ...args);
const readAblation = (run: string): Ablation =>
  JSON.parse(readFileSync(place.path(run, "ablation.json"), "utf8")) as Ablation; // what the command wrote

beforeAll(async () => {
  writeFileSync(place.path("few.json"), promptSetJson({ pairs }));
  writeFileSync(place.path("three.json"), promptSetJson({ pairs: pairs.slice(1) }));
  expect(await runProbe("--prompts", "few.json", "--out", "run")).toMatchObject({ exitCode: 0, stderr: "" });
}, 120_000);
afterAll(() => {
  place.remove();
});

const heads = ["--granularity", "head", "--top", "1", "3", "--random", "4", "--pairs", "3", "--threads", "1"];

it("ablates the strongest units or heads of a run, several sets at once, on a part of the pairs", async () => {
  const { exitCode, stdout } = await place.run("ablate", "run", ...heads, "--json", "--quiet");
  expect(exitCode).toBe(0);
  const ablation = JSON.parse(stdout) as Ablation;
  expect(ablation).toEqual(readAblation("run"));
  expect(ablation.pairIds).toEqual(["thumb", "house", "hill"]);
  expect(ablation.sets.map(({ name, size }) => [name, size])).toEqual([
    ["top 1", 1],
    ["top 3", 3],
  ]);
  expect(ablation.folds.map(({ rankedBy }) => rankedBy.length)).toEqual([2, 2]); // of all pairs
  for (const { set, random } of ablation.sets) {
    expect(random).toHaveLength(4);
    for (const { contrastMoved } of [set, ...random]) {
      expect(contrastMoved.every((value) => value > 0 && value < 1)).toBe(true);
    }
  }
  expect(existsSync(place.path("run/cache"))).toBe(false);
});

it("the report and the summary show it, also when they are rewritten", async () => {
  expect((await place.run("stats", "run")).exitCode).toBe(0);
  expect(readFileSync(place.path("run/report.html"), "utf8")).toContain('<section id="ablation">');
  expect(readFileSync(place.path("run/summary.md"), "utf8")).toMatch(
    /## Without these units\n\n3 pairs, real attention heads set to 0/,
  );
});

it("replaces units by their mean, and says that units ranked by all pairs are circular", async () => {
  cpSync(place.path("run"), place.path("mean"), { recursive: true });
  const options = ["--method", "mean", "--rank-by", "all", "--random", "1", "--pairs", "1", "--threads", "1"];
  const { exitCode, stdout, stderr } = await place.run("ablate", "mean", ...options);
  expect(stderr).toMatch(/1 of 1 pairs to do, 14 passes: .*\(1 \+ 2 sets\) for each, and 8 for what is put/);
  expect(exitCode).toBe(0);
  expect(stdout).toContain("Circular: the units were ranked by the same pairs that they were tried on");
  expect(readAblation("mean").settings).toMatchObject({ method: "mean", rankBy: "all" });
  expect((await place.run("verify", "mean")).stdout).toMatch(/^✓ ablation\.json$/m);
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
  it("recomputes the sets and their p", async () => {
    const { exitCode, stdout } = await place.run("verify", "run");
    expect(stdout).toMatch(/^✓ ablation\.json$/m);
    expect(exitCode).toBe(0);
  });

  it("names an ablation whose p does not follow from its values", async () => {
    const path = place.path("killed/ablation.json");
    const ablation = readAblation("killed");
    const [first, ...rest] = ablation.sets;
    const tests = { ...first?.tests, disturbance: { ...first?.tests.disturbance, p: 0.001 } };
    writeFileSync(path, JSON.stringify({ ...ablation, sets: [{ ...first, tests }, ...rest] }));
    const { exitCode, stdout } = await place.run("verify", "killed");
    expect(stdout).toMatch(/ablation\.json.*statistics of top 1 do not follow/);
    expect(exitCode).not.toBe(0);
  });
});

describe("refuses", () => {
  it.each([
    ["more units than there are", ["run", "--top", "1000"], /--top 1000 asks for the strongest of 340 units/],
    ["more pairs than there are", ["run", "--pairs", "5"], /--pairs 5 exceeds the run's 4 pairs/],
    ["a checkpoint that is gone", ["run", "--checkpoint", "nowhere/at/all"], /cannot be opened.*nowhere/s],
  ])("%s", async (_, args, message) => {
    const { exitCode, stderr } = await place.run("ablate", ...args, "--quiet");
    expect(stderr).toMatch(message);
    expect(exitCode).toBe(2);
  });

  it("weights that changed under the same names and sizes", async () => {
    cpSync(checkpoint, place.path("other"), { recursive: true });
    const path = place.path("other/transformer", WEIGHTS);
    const bytes = readFileSync(path);
    bytes.fill(0, bytes.length / 2);
    writeFileSync(path, bytes);
    const options = ["--checkpoint", "other", "--random", "1", "--quiet"];
    const { exitCode, stderr } = await place.run("ablate", "run", ...options);
    expect(stderr).toMatch(/root mean squares that differ from the run's/);
    expect(exitCode).toBe(2);
  });

  it("another checkpoint", async () => {
    cpSync(checkpoint, place.path("longer"), { recursive: true });
    const path = place.path("longer/transformer", WEIGHTS);
    const bytes = readFileSync(path);
    const length = bytes.readBigUInt64LE(); // of the JSON that follows, which may end in spaces
    const header = bytes.subarray(8, 8 + Number(length));
    const rest = bytes.subarray(8 + Number(length));
    bytes.writeBigUInt64LE(length + 8n);
    writeFileSync(path, Buffer.concat([bytes.subarray(0, 8), header, Buffer.from(" ".repeat(8)), rest]));
    const { exitCode, stderr } = await place.run("ablate", "run", "--checkpoint", "longer", "--quiet");
    expect(stderr).toMatch(/longer is not the checkpoint of the run/);
    expect(exitCode).toBe(2);
  });

  it("a run whose pairs are too few to halve", async () => {
    expect((await runProbe("--prompts", "three.json", "--out", "three")).exitCode).toBe(0);
    const { exitCode, stderr } = await place.run("ablate", "three", "--quiet");
    expect(stderr).toMatch(/--rank-by half needs 4 pairs or more.*has 3\. Use --rank-by all/);
    expect(exitCode).toBe(2);
  });
});

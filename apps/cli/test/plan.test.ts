import { cpSync, existsSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { mergeShards, openRun, type PlanFile } from "@measure-plantain/probe";
import { analyzeRun, type Summary, verifyRun, writeResults } from "@measure-plantain/report";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { formatCommands } from "../src/terminal/command-line.ts";
import { createWorkplace, fewBlocks, promptSetJson } from "./cli.ts";

const place = createWorkplace();
const small = ["--width", "64", "--height", "64", "--max-sequence-length", "48", ...fewBlocks];
const text = (...parts: readonly string[]): string => readFileSync(place.path(...parts), "utf8");

beforeAll(async () => {
  writeFileSync(place.path("few.json"), promptSetJson());
  const rule = ["--control", "shuffled", "--rule", "And the halves agree."];
  const planned = await place.run("plan", "--prompts", "few.json", ...small, ...rule, "--flips", "40");
  expect(planned).toMatchObject({ exitCode: 0, stdout: "plan.json\n" });
  expect(planned.stderr).toMatch(/- groups over \|t\| = 3: more than in shuffled, with p of at most 0\.05/);
  const refused = await place.run(
    "run",
    "--plan",
    "plan.json",
    "--seed",
    "4",
    "--flips",
    "19",
    "--out",
    "run",
  );
  expect(refused.stderr).toMatch(
    /--seed or --noise-seeds \(noiseSeeds\.0\): 0 in the plan, 4 now\n +--flips: 40 in the plan, 19 now/,
  );
  expect(refused.exitCode).toBe(2);
  expect(existsSync(place.path("run"))).toBe(false);
  const { exitCode, stderr } = await place.run(
    "run",
    "--plan",
    "plan.json",
    "--threads",
    "1",
    "--out",
    "run",
  );
  expect({ exitCode, stderr: exitCode === 0 ? "" : stderr }).toEqual({ exitCode: 0, stderr: "" });
});
afterAll(() => {
  place.remove();
});

/** What `verify` finds wrong in a copy of the run that was changed; in this process, since the command adds only marks. */
async function verifyChanged(change: (folder: string) => void): Promise<Record<string, string | null>> {
  const folder = place.path("changed");
  rmSync(folder, { recursive: true, force: true });
  cpSync(place.path("run"), folder, { recursive: true });
  change(folder);
  const items = await verifyRun(await openRun(folder), { commands: formatCommands });
  return Object.fromEntries(
    items.flatMap(({ what, problem }) => (problem === null ? [] : [[what, problem]])),
  );
}

function changePlan(change: (plan: PlanFile) => object): (folder: string) => void {
  return (folder) => {
    const plan = JSON.parse(readFileSync(`${folder}/plan.json`, "utf8")) as PlanFile; // what the command wrote
    writeFileSync(`${folder}/plan.json`, JSON.stringify(change(plan)));
  };
}

it("a plan is not replaced", async () => {
  const { exitCode, stderr } = await place.run("plan", "--prompts", "few.json", ...small);
  expect(stderr).toMatch(/plan\.json exists.*Give another file with --out/);
  expect(exitCode).toBe(2);
});

it("a planned run has the plan's settings, a copy of it, and says whether the decision rule is met", async () => {
  expect(text("run/plan.json")).toBe(text("plan.json"));
  const { plan, controls } = JSON.parse(text("run/summary.json")) as Summary;
  expect(controls.map(({ name }) => name)).toEqual(["shuffled"]);
  expect(plan).toMatchObject({ departures: [], text: ["And the halves agree."] });
  expect(plan?.criteria).toHaveLength(2);
  expect(plan?.isMet).toBe(plan?.criteria.every(({ isMet }) => isMet));
  expect(text("run/summary.md")).toMatch(/## The plan\n\nThe decision rule is not met: 0 of 2 criteria\./);
  expect(text("run/summary.md")).toMatch(/npx measure-plantain run .*--plan plan\.json/);
  expect(text("run/report.html")).toContain("And the halves agree.");
  const { exitCode, stdout } = await place.run("verify", "run");
  expect(stdout.match(/^✓ (plan\.json|follows its plan).*$/gm)).toHaveLength(5);
  expect(exitCode).toBe(0);
});

describe("verify lists what departs from a plan", () => {
  const copy = "plan.json is the plan that the run began with";
  const changedFile = { [copy]: expect.stringMatching(/^its SHA-256 is [0-9a-f]{64}, but/) as string };

  it.each<[string, (plan: PlanFile) => object, Record<string, string>]>([
    ["a word of the rule", (plan) => ({ ...plan, decision: { ...plan.decision, text: ["Or not."] } }), {}],
    [
      "a setting",
      (plan) => ({ ...plan, settings: { ...plan.settings, width: 128 } }),
      {
        "follows its plan: settings": "width: 128 in the plan, 64 in the run",
        "follows its plan: controls": "shuffled: width: 128 in the plan, 64 in the run",
      },
    ],
    [
      "the prompts",
      (plan) => ({
        ...plan,
        settings: { ...plan.settings, promptSet: { ...plan.settings.promptSet, pairs: 9 } },
      }),
      { "follows its plan: settings": "promptSet.pairs: 9 in the plan, 3 in the run" },
    ],
    [
      "the thresholds",
      (plan) => ({ ...plan, statistics: { ...plan.statistics, thresholds: [3, 4] } }),
      { "follows its plan: statistics": "thresholds.1: 4 in the plan, 5 in the run" },
    ],
    [
      "a control",
      ({ controls: [control], ...plan }) => ({
        ...plan,
        decision: { ...plan.decision, criteria: plan.decision.criteria.slice(0, 1) },
        controls: [{ ...control, name: "identical" }],
      }),
      {
        "follows its plan: controls":
          "identical: a control in the plan, nothing in the run; shuffled: nothing in the plan, a control in the run",
      },
    ],
    [
      "the time",
      (plan) => ({ ...plan, createdAt: "2100-01-01T00:00:00.000Z" }),
      {
        "follows its plan: time": expect.stringMatching(
          /^written after the run began: 2100-01-01T00:00:00\.000Z in the plan, 2\S+ in the run$/,
        ) as string,
      },
    ],
  ])("whose copy has %s changed", async (_, change, found) => {
    const wrong = await verifyChanged(changePlan(change));
    expect(wrong).toMatchObject({ ...changedFile, ...found });
    expect(Object.keys(wrong).filter((what) => what.startsWith("follows"))).toEqual(Object.keys(found));
    expect(wrong).toHaveProperty(["summary.json"]);
  });

  it.each<[string, (folder: string) => void, RegExp]>([
    [
      "missing",
      (folder) => {
        rmSync(`${folder}/plan.json`);
      },
      /cannot be read/,
    ],
    [
      "malformed",
      (folder) => {
        writeFileSync(`${folder}/plan.json`, "{}");
      },
      /schemaVersion: /,
    ],
    [
      "not the manifest's",
      (folder) => {
        const manifest = JSON.parse(readFileSync(`${folder}/manifest.json`, "utf8")) as object; // what the command wrote
        writeFileSync(`${folder}/manifest.json`, JSON.stringify({ ...manifest, plan: undefined }));
      },
      /the run began without a plan/,
    ],
  ])("whose copy is %s", async (_, change, message) => {
    expect(await verifyChanged(change)).toMatchObject({ [copy]: expect.stringMatching(message) as string });
  });

  it("that was followed until its results were computed with other flips, or a control was removed", async () => {
    const removed = await verifyChanged((folder) => {
      rmSync(`${folder}/controls/shuffled`, { recursive: true });
    });
    expect(removed).toMatchObject({
      "follows its plan: controls": "shuffled: a control in the plan, nothing in the run",
    });
    const run = await openRun(place.path("changed"));
    const results = await analyzeRun(run, { flips: 19 });
    const { plan } = await writeResults(run, results, { commands: formatCommands });
    const flips = { part: "statistics", what: "flips", planned: "40", found: "19" };
    expect(plan?.departures).toContainEqual(flips);
    expect(await verifyRun(run, { commands: formatCommands })).toContainEqual({
      what: "follows its plan: statistics",
      problem: "flips: 40 in the plan, 19 in the run",
    });
  });
});

it("the shards of a planned run leave its controls for the whole, which keeps the plan", async () => {
  writeFileSync(place.path("moved.json"), text("few.json")); // known by its content, not by its path
  const shards = await Promise.all(
    [1, 2].map(async (number) => {
      const out = `shard-${number}`;
      const args = [
        "--plan",
        "plan.json",
        "--prompts",
        "moved.json",
        "--shard",
        `${number}/2`,
        "--out",
        out,
        "--quiet",
      ];
      expect(await place.run("run", ...args)).toMatchObject({ exitCode: 0, stderr: "" });
      const items = await verifyRun(await openRun(place.path(out)));
      expect(items.filter(({ what }) => what.startsWith("follows its plan"))).toEqual([
        { what: "follows its plan: settings", problem: null },
        { what: "follows its plan: time", problem: null },
      ]);
      return place.path(out);
    }),
  );
  const merged = await mergeShards(place.path("merged"), shards);
  expect(text("merged/plan.json")).toBe(text("plan.json"));
  const { plan } = await merged.readManifest();
  expect(plan).toEqual((await (await openRun(place.path("run"))).readManifest()).plan);
  const { departures } = (await analyzeRun(merged, { flips: 40 })).summary.plan ?? {};
  expect(departures).toEqual([
    { part: "controls", what: "shuffled", planned: "a control", found: "nothing" },
  ]);
});

import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { openCheckpoint } from "@measure-plantain/flux-runtime";
import type { PromptSet } from "@measure-plantain/prompts";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { parseControls } from "../controls/parse-controls.ts";
import { type PlanOptions, planProbe, type ProbePlan } from "../plan-probe.ts";
import { runProbe } from "../run-probe.ts";
import type { ProbeSettings } from "../settings/settings.ts";
import { createPlanFile } from "./create-plan-file.ts";
import { findPlanDepartures } from "./find-plan-departures.ts";
import { followPlanFile } from "./follow-plan-file.ts";
import type { PlanFile } from "./plan-file.ts";
import { readPlanFile, writePlanFile } from "./read-plan-file.ts";

const kleinTiny = join(import.meta.dirname, "../../../flux-runtime/test/fixtures/klein-tiny");
const promptSet: PromptSet = {
  name: "few",
  version: "1.0.0",
  title: "Two pairs",
  labels: { a: "small", b: "large" },
  reference: { prompt: "a grey object", seed: 1, steps: 2, guidance: 4, width: 64, height: 64 },
  pairs: ["thumb", "house"].map((word) => ({
    id: word,
    a: `smaller than a ${word}`,
    b: `larger than a ${word}`,
  })),
};
const statistics = { thresholds: [3, 5], flips: 200, seed: 0 } as const;

let out: string;
let probe: ProbePlan;
let plan: PlanFile;
const startedAt = "2100-01-01T00:00:00.000Z";

async function planFew(options: PlanOptions = {}): Promise<ProbePlan> {
  const checkpoint = await openCheckpoint(join(kleinTiny, "checkpoint"));
  return planProbe({ id: "klein-tiny", checkpoint, isSynthesized: false }, promptSet, {
    device: { device: "cpu", provider: "CPUExecutionProvider", why: "asked for" },
    width: 64,
    height: 64,
    maxSequenceLength: 48,
    ...options,
  });
}

beforeAll(async () => {
  out = await mkdtemp(join(tmpdir(), "plan-file-"));
  probe = await planFew({ fullHash: true, taps: ["to_add_out"], sigmas: [1, 0.5], referenceCount: 2 });
  const controls = await parseControls(["random-weights:2", "shuffled", "paraphrase", "planted"], promptSet);
  plan = await createPlanFile(probe, {
    statistics,
    controls,
    text: ["And the strongest block is single.2."],
  });
});
afterAll(() => rm(out, { recursive: true }));

/** Every value of a document that is no object or list, by its path. */
function listLeaves(value: unknown, path: readonly string[] = []): (readonly string[])[] {
  if (typeof value !== "object" || value === null) return [path];
  return Object.entries(value).flatMap(([key, inner]) => listLeaves(inner, [...path, key]));
}

/** A copy of a document with another value at a path. */
function changeAt(
  value: unknown,
  [key, ...rest]: readonly string[],
  change: (leaf: unknown) => unknown,
): unknown {
  if (key === undefined) return change(value);
  const copy = (Array.isArray(value) ? [...(value as unknown[])] : { ...(value as object) }) as Record<
    string,
    unknown
  >; // a list has keys, too
  copy[key] = changeAt(copy[key], rest, change);
  return copy;
}

function otherValue(leaf: unknown): unknown {
  if (typeof leaf === "number") return leaf + 1;
  if (typeof leaf === "boolean") return !leaf;
  return `${String(leaf)}x`;
}

describe("createPlanFile(probe, options)", () => {
  it("fixes what is asked, and leaves open where it is computed", () => {
    expect(plan.settings).toMatchObject({ width: 64, noiseSeeds: [0], promptSet: { name: "few", pairs: 2 } });
    for (const setting of ["device", "dtype", "weights", "batch", "threads"]) {
      expect(plan.settings).not.toHaveProperty(setting);
      expect(plan.free).toContain(setting);
    }
    expect(plan.packages["@measure-plantain/probe"]).toMatch(/^\d+\.\d+\.\d+/);
  });

  it("decides by the run's own null and every control but a planted effect, pair by pair if the pairs correspond", () => {
    const units = { granularity: "group", threshold: 3 };
    expect(plan.decision.criteria).toEqual([
      { kind: "count", ...units, above: "null-p99" },
      { kind: "control-count", control: "random-weights-1", ...units },
      { kind: "control-count", control: "random-weights-2", ...units },
      { kind: "control-difference", control: "shuffled", ...units, alpha: 0.05 },
      { kind: "control-count", control: "paraphrase", ...units },
    ]);
    expect(plan.controls.map(({ name }) => name)).toContain("planted-1");
  });

  it.each([
    [
      { kind: "count", granularity: "group", threshold: 4, above: "null-p99" },
      /criteria\.0\.threshold: .*\(3, 5\)/,
    ],
    [
      { kind: "count", granularity: "to_add_out", threshold: 3, above: "null-p99" },
      /granularity: .*to_add_out/,
    ],
    [
      { kind: "control-count", control: "attribute", granularity: "group", threshold: 3 },
      /control: .*\(shuffled\)/,
    ],
    [
      { kind: "control-difference", control: "shuffled", granularity: "group", threshold: 3, alpha: 0.004 },
      /alpha: .*200 sign flips give no smaller p/,
    ],
    [{ kind: "family-wise", granularity: "group", alpha: 1 }, /criteria\.0\.alpha: /],
  ] as const)("refuses the criterion %j, which the plan cannot decide", async (criterion, message) => {
    const controls = await parseControls(["shuffled"], promptSet);
    const creating = createPlanFile(await planFew(), { statistics, controls, criteria: [criterion] });
    await expect(creating).rejects.toMatchObject({
      code: "invalid-option",
      message: expect.stringMatching(message) as string,
    });
  });
});

describe("readPlanFile(path)", () => {
  it("reads what writePlanFile wrote, which does not replace a file", async () => {
    const path = join(out, "plan.json");
    const stored = await writePlanFile(path, plan);
    expect(await readPlanFile(path)).toEqual(stored);
    expect(stored.plan).toEqual(plan);
    await expect(writePlanFile(path, plan)).rejects.toMatchObject({ code: "existing-plan", option: "out" });
  });

  it("names each field that is of another kind, in one error", async () => {
    const path = join(out, "malformed.json");
    const leaves = listLeaves(plan).filter(([first]) => first !== "packages");
    expect(leaves.length).toBeGreaterThan(60);
    for (const leaf of leaves) {
      await writeFile(path, JSON.stringify(changeAt(plan, leaf, () => [])));
      const { code, message } = await readPlanFile(path).then(
        () => ({ code: "read", message: leaf.join(".") }),
        (error: unknown) => error as { code: string; message: string }, // a ProbeError
      );
      expect({ code, message }).toEqual({
        code: "invalid-file",
        message: expect.stringMatching(
          new RegExp(`malformed\\.json is not one .*: ${leaf.join("\\.")}: `),
        ) as string,
      });
    }
  });

  it.each([
    ["a missing file", null, /cannot be read/],
    ["half a file", '{"schemaVersion": 1,', /not valid JSON/],
    ["another document", "[]", /the document: /],
    ["a later version", '{"schemaVersion": 2}', /schemaVersion: .*1/],
    ["too large a file", " ".repeat(4 * 1024 * 1024 + 1), /4194305 bytes/],
  ])("refuses %s", async (name, text, message) => {
    const path = join(out, `${name}.json`);
    if (text !== null) await writeFile(path, text);
    await expect(readPlanFile(path)).rejects.toMatchObject({
      code: "invalid-file",
      message: expect.stringMatching(message) as string,
    });
  });

  it("refuses a key that it does not know, and a control that is there twice", async () => {
    const path = join(out, "more.json");
    await writeFile(path, JSON.stringify({ ...plan, settings: { ...plan.settings, depth: 3 } }));
    await expect(readPlanFile(path)).rejects.toThrow(/settings: .*"depth"/);
    await writeFile(path, JSON.stringify({ ...plan, controls: [...plan.controls, plan.controls[0]] }));
    await expect(readPlanFile(path)).rejects.toThrow(/the control random-weights-1 is there twice/);
  });
});

describe("findPlanDepartures(plan, run)", () => {
  const follow = (settings: ProbeSettings = probe.settings): ReturnType<typeof findPlanDepartures> =>
    findPlanDepartures(plan, { settings, statistics, controls: plan.controls, startedAt });

  it("finds none in a run as it was planned, on whatever machine it is computed", () => {
    expect(follow()).toEqual([]);
    expect(
      follow({
        ...probe.settings,
        device: "cuda",
        dtype: "bfloat16",
        weights: "resident",
        batch: 8,
        threads: 3,
      }),
    ).toEqual([]);
  });

  it("names every setting that is another one, with both values", () => {
    const leaves = listLeaves(plan.settings);
    expect(leaves.length).toBeGreaterThan(40);
    for (const leaf of leaves) {
      const settings = changeAt(probe.settings, leaf, otherValue) as ProbeSettings; // of the same form
      expect(follow(settings)).toEqual([
        {
          part: "settings",
          what: leaf.join("."),
          planned: expect.any(String) as string,
          found: expect.any(String) as string,
        },
      ]);
    }
    expect(follow({ ...probe.settings, width: 128 })).toMatchObject([{ planned: "64", found: "128" }]);
  });

  it("compares whole-file hashes if the plan has them, and no others", async () => {
    const { settings } = await planFew();
    const quick = await createPlanFile(await planFew(), { statistics });
    const hashed = (await planFew({ fullHash: true })).settings;
    expect(findPlanDepartures(quick, { settings: hashed, startedAt })).toEqual([]);
    const full = await createPlanFile(await planFew({ fullHash: true }), { statistics });
    expect(findPlanDepartures(full, { settings, startedAt })).not.toEqual([]);
  });

  it("names statistics and controls that are others, are missing or were not planned", () => {
    const [first, ...rest] = plan.controls;
    const find = (changes: object): unknown =>
      findPlanDepartures(plan, {
        settings: probe.settings,
        statistics,
        controls: plan.controls,
        startedAt,
        ...changes,
      });
    expect(find({ statistics: { ...statistics, flips: 19 } })).toEqual([
      { part: "statistics", what: "flips", planned: "200", found: "19" },
    ]);
    expect(find({ controls: rest })).toEqual([
      { part: "controls", what: "random-weights-1", planned: "a control", found: "nothing" },
    ]);
    expect(find({ controls: [...plan.controls, { ...first, name: "attribute" }] })).toEqual([
      { part: "controls", what: "attribute", planned: "nothing", found: "a control" },
    ]);
    const changed = plan.controls.map((control) =>
      control.name === "shuffled" ? { ...control, promptSetSha256: "0".repeat(64) } : control,
    );
    expect(find({ controls: changed })).toMatchObject([{ what: "shuffled: promptSetSha256" }]);
    const of = { ...probe.settings, checkpoint: { ...probe.settings.checkpoint, id: "changed" } };
    const change = { kind: "random-weights", seed: 1, of: "klein-tiny" } as const;
    const reweighted = { ...of, checkpoint: { ...of.checkpoint, change } };
    const withSettings = (settings: ProbeSettings): unknown =>
      plan.controls.map((control) => (control === first ? { ...control, settings } : control));
    expect(find({ controls: withSettings(reweighted) })).toEqual([]);
    expect(find({ controls: withSettings({ ...reweighted, noiseSeeds: [7] }) })).toEqual([
      { part: "controls", what: "random-weights-1: noiseSeeds.0", planned: "0", found: "7" },
    ]);
  });

  it("names a plan that was written after the run began", () => {
    const early = { settings: probe.settings, startedAt: "2000-01-01T00:00:00.000Z" };
    expect(findPlanDepartures(plan, early)).toEqual([
      {
        part: "time",
        what: "written after the run began",
        planned: plan.createdAt,
        found: "2000-01-01T00:00:00.000Z",
      },
    ]);
  });
});

it("runProbe follows a plan: it refuses departures by option, keeps a copy, and goes on with the same plan alone", async () => {
  const draft = await createPlanFile(await planFew({ referenceSteps: 1 }), { statistics });
  const stored = await writePlanFile(join(out, "few.json"), draft);
  const options = { ...followPlanFile(stored.plan), threads: 1 };
  const folder = join(out, "run");
  const refused = async (
    changes: PlanOptions,
    message: RegExp,
    more: Parameters<typeof runProbe>[2] = {},
  ): Promise<void> => {
    const running = runProbe(await planFew({ ...options, ...changes }), folder, { plan: stored, ...more });
    await expect(running).rejects.toMatchObject({
      code: "plan-departure",
      message: expect.stringMatching(message) as string,
    });
    await expect(readFile(join(folder, "manifest.json"))).rejects.toThrow(/ENOENT/);
  };
  await refused({ width: 96, sigmas: [1] }, /option `width`: 64 in the plan, 96 now/);
  await refused(
    { referenceSteps: 2 },
    /option `referenceSteps` \(references\.0\.steps\): 1 in the plan, 2 now/,
  );
  await refused({ noiseSeeds: [4] }, /option `noiseSeeds` \(noiseSeeds\.0\): 0 in the plan, 4 now/);
  await refused({}, /option `flips`: 200 in the plan, 19 now/, { statistics: { ...statistics, flips: 19 } });
  await refused({}, /option `controls` \(shuffled\): nothing in the plan, a control now/, {
    controls: await parseControls(["shuffled"], promptSet),
  });

  const probe = await planFew(options);
  const run = await runProbe(probe, folder, { statistics, plan: stored });
  const { plan: record, startedAt: began, settings } = await run.readManifest();
  expect(record).toEqual({ sha256: stored.sha256, createdAt: stored.plan.createdAt });
  expect(await run.sha256("plan.json")).toBe(stored.sha256);
  expect(findPlanDepartures(stored.plan, { settings, startedAt: began })).toEqual([]);
  await expect(runProbe(probe, folder)).rejects.toThrow(/planSha256: "[0-9a-f]{64}" there, nothing now/);
});

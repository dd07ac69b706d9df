import { readFileSync, writeFileSync } from "node:fs";
import { loadPromptSet, type PromptSet } from "@measure-plantain/prompts";
import { afterAll, beforeAll, expect, it } from "vitest";
import type { RunComparison, PlantScore } from "@measure-plantain/report";
import { createWorkplace, givenReference } from "./cli.ts";

// Random weights answer to other words too, and nobody can say which of their units should: so the sides of each pair are
// exchanged at random. Then nothing but the plant can be related to the labels, the sign-flip null is exact for every
// unit but the planted ones, and at a family-wise error of 0.05 one draw in twenty may show a unit too many.
const draws = [0x0b51d3e, 0x1a6c279, 0x06e9f14];

const place = createWorkplace();
const scores: PlantScore[] = [];

function exchangeSides({ pairs, ...set }: PromptSet, bits: number): PromptSet {
  return {
    ...set,
    name: "exchanged",
    pairs: pairs.map((pair, index) => ((bits >> index) % 2 === 0 ? pair : { ...pair, a: pair.b, b: pair.a })),
  };
}

/** Runs the probe with one drawing of the labels, and again with an effect planted for them. */
async function scoreDraw(bits: number): Promise<PlantScore | undefined> {
  const out = `run-${bits}`;
  const file = place.path(`${out}.json`);
  writeFileSync(file, JSON.stringify(exchangeSides(await loadPromptSet("measure"), bits)));
  const small = ["--width", "64", "--height", "64", "--max-sequence-length", "52", ...givenReference];
  const args = [
    "--prompts",
    file,
    ...small,
    "--out",
    out,
    "--quiet",
    "--threads",
    "1",
    "--control",
    "planted",
  ];
  const { exitCode, stderr } = await place.run("run", ...args);
  expect(stderr).toBe("");
  expect(exitCode).toBe(0);
  const [comparison] = JSON.parse(
    readFileSync(place.path(out, "comparison.json"), "utf8"),
  ) as RunComparison[]; // what the command wrote
  return comparison?.plant;
}

beforeAll(async () => {
  for (const score of await Promise.all(draws.map(scoreDraw))) if (score !== undefined) scores.push(score);
}, 180_000);
afterAll(() => {
  place.remove();
});

const total = (count: (score: PlantScore) => number): number =>
  scores.reduce((sum, score) => sum + count(score), 0);

it("every planted unit is found at a family-wise error of 0.05: recall 1", () => {
  expect(scores).toHaveLength(draws.length);
  expect(scores.map(({ recall }) => recall)).toEqual([1, 1, 1]);
});

it("planted at d_z = 2 over 25 pairs, they are found with |t| near 10", () => {
  for (const { absT } of scores) {
    expect(absT[0]).toBeGreaterThan(7);
    expect(absT.at(-1)).toBeLessThan(12);
  }
});

it("no decoy is found, and other units in no more draws than the error allows: precision near 1", () => {
  const planted = total((score) => score.planted);
  const found = total((score) => score.found.length);
  const others = total((score) => score.others.length);
  console.info(
    `Planted effect, ${scores.length} draws: recall ${found}/${planted}, precision ${found}/${found + others}, ` +
      `decoys ${total((score) => score.decoysFound.length)}/${total((score) => score.decoys)}`,
  );
  expect(total((score) => score.decoysFound.length)).toBe(0);
  // At most one draw of three with a false unit: two or more have a probability below 0.01.
  expect(scores.filter((score) => score.others.length > 0).length).toBeLessThanOrEqual(1);
  expect(found / (found + others)).toBeGreaterThan(0.9);
});

it("the report tells what was planted and found, apart from the controls that should show nothing", () => {
  const page = readFileSync(place.path(`run-${draws[0] ?? 0}`, "report.html"), "utf8");
  expect(page).toContain("Where the answer is known");
  expect(page).not.toContain("Beside its controls");
});

it("an axis of all objects, an effect of one object, and one of the sizes' wording are told apart", async () => {
  const small = ["--width", "64", "--height", "64", "--max-sequence-length", "64", ...givenReference];
  const plants = ["planted-axis", "planted-object", "planted-wording"];
  const { exitCode, stderr } = await place.run(
    ...["run", "--prompts", "measure-crossed", ...small, "--out", "crossed", "--quiet", "--threads", "1"],
    ...["--control", ...plants],
  );
  expect(stderr).toBe("");
  expect(exitCode).toBe(0);
  const comparisons = JSON.parse(
    readFileSync(place.path("crossed/comparison.json"), "utf8"),
  ) as RunComparison[]; // what the command wrote
  const found = Object.fromEntries(comparisons.map(({ name, plant }) => [name, plant]));
  const none = { grade: 0, rows: 0, levels: 0, none: 0 };
  expect(found["planted-axis-1"]).toMatchObject({
    recall: 1,
    decoysFound: [],
    follows: { ...none, grade: 8 },
  });
  expect(found["planted-object-1"]).toMatchObject({ recall: 1, follows: { ...none, rows: 8 } });
  expect(found["planted-wording-1"]).toMatchObject({ recall: 1, follows: { ...none, levels: 8 } });
  // What else is found was there without the plant: the prompts' words move random weights, too.
  for (const { plant } of comparisons)
    expect((plant?.others.length ?? NaN) - (plant?.othersInRun?.length ?? NaN)).toBeLessThanOrEqual(1);
}, 180_000);

import { gradeCorrelation, gradeCorrelationNull } from "@measure-plantain/paired-stats";
import { readTensors } from "@measure-plantain/flux-runtime";
import { csvParse } from "d3-dsv";
import { readFileSync, writeFileSync } from "node:fs";
import { afterAll, beforeAll, expect, it } from "vitest";
import type { Summary } from "@measure-plantain/report";
import { createWorkplace, givenReference, promptSetJson } from "./cli.ts";

const place = createWorkplace();
const grades = [3, 0, 2.5, 1, -1, 3];
const words = ["thumb", "house", "hill", "coin", "door", "cloud"];
const FLIPS = 20;

beforeAll(async () => {
  const pairs = words.map((word, place) => ({
    id: word,
    a: `an object smaller than a ${word}`,
    b: `an object larger than a ${word}`,
    grade: grades[place],
  }));
  writeFileSync(place.path("graded.json"), promptSetJson({ name: "graded", pairs }));
  const small = [
    "--width",
    "64",
    "--height",
    "64",
    "--max-sequence-length",
    "48",
    "--quiet",
    ...givenReference,
  ];
  const args = ["run", "--prompts", "graded.json", ...small, "--flips", String(FLIPS), "--out", "run"];
  const { exitCode, stderr } = await place.run(...args);
  expect(stderr).toBe("");
  expect(exitCode).toBe(0);
});
afterAll(() => {
  place.remove();
});

const read = (name: string): string => readFileSync(place.path("run", name), "utf8");

it("a run of a graded prompt set correlates what it captured with the grades, pair by pair", async () => {
  const { data, shape } = (await readTensors(place.path("run/captures.safetensors"))).get("mean_square") ?? {
    data: new Float32Array(),
    shape: [],
  };
  const units = shape[2] ?? NaN;
  const differences = {
    data: Float64Array.from({ length: grades.length * units }, (_, at) => {
      const side = (b: 0 | 1): number => (2 * Math.floor(at / units) + b) * units + (at % units);
      return Math.sqrt(data[side(1)] ?? NaN) - Math.sqrt(data[side(0)] ?? NaN);
    }),
    shape: [grades.length, units] as const,
  };
  const rho = csvParse(read("units.csv")).map((row) => Number(row["grade_rho"]));
  expect(rho).toEqual(Array.from(gradeCorrelation(differences, grades).r));
  const { grades: summary } = JSON.parse(read("summary.json")) as Summary; // written by the run
  const expected = await gradeCorrelationNull(differences, grades, { flips: FLIPS });
  expect(summary).toMatchObject({ grades, labellings: FLIPS });
  expect(summary?.granularities.map(({ name }) => name)).toEqual(["group", "head", "mlp"]);
  expect(summary?.granularities[0]).toMatchObject({
    thresholds: [{ observed: expected.thresholds[0]?.observed, p: expected.thresholds[0]?.p }],
    maximum: { observed: expected.maximum.observed, p: expected.maximum.p },
  });
  expect(read("summary.md")).toContain("### By grade");
  expect(read("report.html")).toContain('<section id="grades">');
});

it("a graded run verifies, and a changed ρ does not", async () => {
  expect((await place.run("verify", "run")).exitCode).toBe(0);
  const summary = JSON.parse(read("summary.json")) as { grades: { grades: number[] } }; // written by the run
  summary.grades.grades[0] = 9;
  writeFileSync(place.path("run/summary.json"), JSON.stringify(summary));
  const lines = read("units.csv").split("\n");
  lines[1] = `${lines[1]?.slice(0, lines[1].lastIndexOf(",")) ?? ""},0.125`;
  writeFileSync(place.path("run/units.csv"), lines.join("\n"));
  const { exitCode, stdout } = await place.run("verify", "run");
  expect(exitCode).toBe(2);
  expect(stdout.match(/^✗ .*/gm)).toEqual(["✗ summary.json: it differs", "✗ units.csv: it differs"]);
});

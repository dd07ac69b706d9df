import { createTorchGenerator } from "@measure-plantain/flux-runtime";
import { mean } from "d3-array";
import { describe, expect, it } from "vitest";
import { drawAnswers, drawDecoy, type AnswerDesign, type Draw } from "./draw-answers.ts";

const grades = [-4, -3, -1, 1, 3, 4];
const rows = 8;
const size = { effect: 0.01, cohensDz: 2 };
const drawOf = (seed: number): Draw => {
  const random = createTorchGenerator(seed);
  return (count) => random.randn([count]).data;
};
type Crossed = Exclude<AnswerDesign, { kind: "contrast" }>;
const designOf = (kind: Crossed["kind"]): Crossed => ({ kind, rows, grades });

/** The answers of each row, levels in order. */
function rowsOf(answers: readonly number[]): number[][] {
  return Array.from({ length: rows }, (_, row) => answers.slice(row * 6, (row + 1) * 6));
}
/** The least-squares slope on the grade, times the grades' standard deviation, over the effect. */
function slopeOf(levels: readonly number[]): number {
  const squares = grades.reduce((sum, grade) => sum + grade ** 2, 0); // their mean is 0
  const product = levels.reduce((sum, value, level) => sum + value * (grades[level] ?? NaN), 0);
  return (product / squares) * (Math.sqrt(squares / 5) / size.effect);
}
function meanLevels(answers: readonly number[]): number[] {
  return grades.map((_, level) => mean(rowsOf(answers), (row) => row[level]) ?? NaN);
}

describe("drawAnswers(design)", () => {
  it.each([1, -1] as const)("of an axis go along the grade in every row, with the sign %d", (sign) => {
    const answers = drawAnswers(designOf("axis"), sign, size, drawOf(1));
    for (const row of rowsOf(answers)) expect(sign * slopeOf(row)).toBeGreaterThan(0.3);
    expect(sign * slopeOf(meanLevels(answers))).toBeCloseTo(1, 0);
  });

  it("of one object go along the grade in one row alone, as far as an axis does in all rows together", () => {
    const slopes = rowsOf(drawAnswers(designOf("object"), 1, size, drawOf(2)))
      .map(slopeOf)
      .sort((one, other) => one - other);
    expect(slopes.at(-1)).toBeCloseTo(Math.sqrt(rows), 0);
    expect(Math.abs(slopes.at(-2) ?? NaN)).toBeLessThan(0.7);
  });

  it("of a wording are alike in every row, and not ordered by the grade", () => {
    const answers = drawAnswers(designOf("wording"), 1, size, drawOf(3));
    const profile = meanLevels(answers);
    expect(Math.abs(slopeOf(profile))).toBeLessThan(0.3);
    const squares = profile.reduce((sum, value) => sum + value ** 2, 0);
    expect(Math.sqrt(squares / 5) / size.effect).toBeCloseTo(1, 0);
  });

  it.each(["axis", "object", "wording"] as const)("of %s are 0 in the mean over the cells", (kind) => {
    const answers = drawAnswers(designOf(kind), 1, size, drawOf(4));
    expect(answers).toHaveLength(48);
    expect(mean(answers)).toBeCloseTo(0, 15);
  });
});

it("drawDecoy answers as strongly as an axis, in an order of each row's own", () => {
  const decoys = Array.from({ length: 40 }, (_, seed) => drawDecoy(designOf("axis"), size, drawOf(seed)));
  const strength = (answers: readonly number[]): number =>
    answers.reduce((sum, value) => sum + value ** 2, 0);
  const axis = drawAnswers(designOf("axis"), 1, size, drawOf(0));
  expect(mean(decoys, strength)).toBeCloseTo(strength(axis), 2);
  // A random order of 6 levels has a slope with the standard deviation 1 / √5 of the sorted one's, and 8 rows are averaged.
  const slopes = decoys.map((answers) => slopeOf(meanLevels(answers)));
  expect(Math.max(...slopes.map(Math.abs))).toBeLessThan(0.8);
});

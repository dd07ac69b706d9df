import fc from "fast-check";
import { expect, test } from "vitest";
import { designs, tinyDesign } from "../../test/crossed-set.ts";
import { problemsOf } from "../../test/problems-of.ts";
import { tinySet } from "../../test/tiny-set.ts";
import { definePromptSet } from "../define-prompt-set.ts";
import { parsePromptSet } from "../parse-prompt-set.ts";
import { promptText, sideLevels, type PromptSet } from "../prompt-set.ts";
import { listCells } from "./list-cells.ts";

test("listCells(set) is null for a set without factors", () => {
  expect(listCells(parsePromptSet(JSON.stringify(tinySet())))).toBeNull();
});

test("listCells(set) gives rows × ascending levels, and every place of a cell that is in two pairs", () => {
  const table = listCells(parsePromptSet(JSON.stringify(tinyDesign())));
  expect(table?.contrast.name).toBe("size");
  expect(table?.contrast.levels.map(({ id }) => id)).toEqual(["1-mm", "1-m", "1-km"]);
  expect(table?.others.map(({ name }) => name)).toEqual(["object"]);
  expect(table?.grades).toEqual([-3, 0, 3]);
  expect(table?.rows).toEqual([
    { id: "cube", levels: { object: "cube" } },
    { id: "ring", levels: { object: "ring" } },
  ]);
  expect(table?.cells.slice(0, 4)).toEqual([
    { row: 0, level: 0, prompt: "a cube one millimeter wide", places: [{ pair: 0, condition: 0 }] },
    {
      row: 0,
      level: 1,
      prompt: "a cube one meter wide",
      places: [
        { pair: 0, condition: 1 },
        { pair: 1, condition: 0 },
      ],
    },
    { row: 0, level: 2, prompt: "a cube one kilometer wide", places: [{ pair: 1, condition: 1 }] },
    { row: 1, level: 0, prompt: "a ring one millimeter wide", places: [{ pair: 2, condition: 0 }] },
  ]);
});

test("listCells(set) finds each side of any crossed set in the cell of its levels, once", () => {
  fc.assert(
    fc.property(designs, (design) => {
      const set = definePromptSet(design);
      const table = listCells(set);
      if (table === null) throw new Error("the set has factors");
      const { rows, cells, grades, contrast, others } = table;
      expect(grades).toEqual(grades.toSorted((one, other) => one - other));
      expect(cells).toHaveLength(rows.length * grades.length);
      expect([...others, contrast].map(({ name }) => name).sort()).toEqual(
        design.factors.map(({ name }) => name).sort(),
      );
      cells.forEach(({ row, level, prompt, places }, index) => {
        expect(index).toBe(row * grades.length + level);
        expect(places.length).toBeGreaterThan(0);
        for (const { pair, condition } of places) {
          const side = set.pairs[pair]?.[condition === 0 ? "a" : "b"] ?? "";
          expect(promptText(side)).toBe(prompt);
          expect(sideLevels(side)).toEqual({
            ...rows[row]?.levels,
            [contrast.name]: contrast.levels[level]?.id,
          });
        }
      });
      const places = cells.flatMap(({ places }) =>
        places.map(({ pair, condition }) => `${pair}.${condition}`),
      );
      expect(new Set(places).size).toBe(2 * set.pairs.length);
      expect(places).toHaveLength(2 * set.pairs.length);
    }),
  );
});

test("listCells(set) refuses a set made by hand that breaks a rule of crossed sets", () => {
  const set: PromptSet = parsePromptSet(JSON.stringify(tinyDesign()));
  const spoiled = { ...set, pairs: set.pairs.slice(1) };
  expect(problemsOf(() => listCells(spoiled))).toMatchObject([
    { code: "invalid-value", path: "pairs", received: '5 of them, without "cube 1-mm"' },
  ]);
});

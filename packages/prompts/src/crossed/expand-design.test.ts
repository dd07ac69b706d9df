import fc from "fast-check";
import { expect, test } from "vitest";
import { designs, tinyDesign } from "../../test/crossed-set.ts";
import { parsePromptSet } from "../parse-prompt-set.ts";
import { definePromptSet } from "../define-prompt-set.ts";
import { promptText, sideLevels } from "../prompt-set.ts";

test("a design becomes the pairs of its cells: the factors stay, the template goes", () => {
  const { template, ...rest } = tinyDesign();
  expect(template).toBe("a {object} {size} wide");
  const levels = (object: string, size: string) => ({ object, size });
  expect(parsePromptSet(JSON.stringify(tinyDesign()))).toEqual({
    ...rest,
    pairs: [
      {
        id: "cube 1-mm to 1-m",
        a: { prompt: "a cube one millimeter wide", levels: levels("cube", "1-mm") },
        b: { prompt: "a cube one meter wide", levels: levels("cube", "1-m") },
        grade: 3,
      },
      {
        id: "cube 1-m to 1-km",
        a: { prompt: "a cube one meter wide", levels: levels("cube", "1-m") },
        b: { prompt: "a cube one kilometer wide", levels: levels("cube", "1-km") },
        grade: 3,
      },
      {
        id: "ring 1-mm to 1-m",
        a: { prompt: "a ring one millimeter wide", levels: levels("ring", "1-mm") },
        b: { prompt: "a ring one meter wide", levels: levels("ring", "1-m") },
        grade: 3,
      },
      {
        id: "ring 1-m to 1-km",
        a: { prompt: "a ring one meter wide", levels: levels("ring", "1-m") },
        b: { prompt: "a ring one kilometer wide", levels: levels("ring", "1-km") },
        grade: 3,
      },
    ],
  });
});

test("any design that breaks no rule becomes a set that is read as itself", () => {
  fc.assert(
    fc.property(designs, (design) => {
      const set = definePromptSet(design);
      expect(parsePromptSet(JSON.stringify(set))).toEqual(set);
      expect(new Set(set.pairs.map(({ id }) => id)).size).toBe(set.pairs.length);
    }),
  );
});

test("every cell is a side of some pair, of exactly one if the graded levels are even in number", () => {
  fc.assert(
    fc.property(designs, (design) => {
      const sides = definePromptSet(design).pairs.flatMap(({ a, b }) => [a, b]);
      const counts = new Map<string, number>();
      for (const side of sides) {
        const levels = sideLevels(side);
        const key = JSON.stringify(design.factors.map(({ name }) => levels[name]));
        counts.set(key, (counts.get(key) ?? 0) + 1);
      }
      const graded = design.factors.find(({ levels }) => levels[0]?.grade !== undefined);
      expect(counts.size).toBe(design.factors.reduce((product, { levels }) => product * levels.length, 1));
      if (graded !== undefined && graded.levels.length % 2 === 0) expect(sides).toHaveLength(counts.size);
    }),
  );
});

test("a prompt has the text of each of its levels in place of the factor's name, whatever the text is", () => {
  fc.assert(
    fc.property(designs, (design) => {
      for (const side of definePromptSet(design).pairs.flatMap(({ a, b }) => [a, b])) {
        // Piece by piece, so that a text which looks like a placeholder is not replaced in its turn.
        const pieces = design.template.split(/(\{\w+\})/).map((piece) => {
          const factor = design.factors.find(({ name }) => piece === `{${name}}`);
          if (factor === undefined) return piece;
          return factor.levels.find(({ id }) => id === sideLevels(side)[factor.name])?.text;
        });
        expect(promptText(side)).toBe(pieces.join(""));
      }
    }),
  );
});

test("the sides of a pair are half of the levels apart, so that the contrasts are about equally large", () => {
  const { template, factors, ...head } = tinyDesign();
  for (const [count, expected] of [
    [2, [[0, 1]]],
    [
      5,
      [
        [0, 2],
        [1, 3],
        [2, 4],
      ],
    ],
    [
      6,
      [
        [0, 3],
        [1, 4],
        [2, 5],
      ],
    ],
  ] as const) {
    const levels = Array.from({ length: count }, (_, grade) => ({
      id: `${grade}`,
      text: `${grade} m`,
      grade,
    }));
    const set = parsePromptSet(
      JSON.stringify({ ...head, template, factors: [factors[0], { name: "size", levels }] }),
    );
    const places = set.pairs
      .slice(0, expected.length)
      .map(({ a, b }) => [a, b].map((side) => Number(sideLevels(side)["size"])));
    expect(places).toEqual(expected);
    expect(set.pairs).toHaveLength(2 * expected.length);
  }
});

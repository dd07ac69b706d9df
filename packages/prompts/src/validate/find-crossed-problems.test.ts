import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { designs, tinyDesign } from "../../test/crossed-set.ts";
import { problemsOf } from "../../test/problems-of.ts";
import { tinySet } from "../../test/tiny-set.ts";
import { definePromptSet } from "../define-prompt-set.ts";
import { parsePromptSet } from "../parse-prompt-set.ts";
import { promptText, sideLevels } from "../prompt-set.ts";
import type { PromptsProblem } from "../prompts-error.ts";

interface Side {
  prompt: string;
  levels?: Record<string, string>;
  images?: string[];
}

interface Pair {
  id: string;
  a: Side;
  b: Side;
  grade?: number;
}

/** The tiny design's set as plain data, to be spoiled: pairs 0 and 1 are the cube's, 2 and 3 the ring's. */
function tinyCrossedSet(): Record<string, unknown> & { factors: unknown[]; pairs: [Pair, Pair, Pair, Pair] } {
  const set: unknown = structuredClone(parsePromptSet(JSON.stringify(tinyDesign())));
  // The set is JSON, whose shape the test of `expandDesign` shows.
  return set as ReturnType<typeof tinyCrossedSet>;
}

/** The problems of the spoiled set, each with the rest of the line that it is found at. */
function problemsAfter(
  spoil: (set: ReturnType<typeof tinyCrossedSet>) => void,
): readonly (PromptsProblem & { readonly there: string })[] {
  const set = tinyCrossedSet();
  spoil(set);
  const text = JSON.stringify(set, null, 2);
  const lines = text.split("\n");
  return problemsOf(() => parsePromptSet(text)).map((problem) => {
    const { line = 0, column = 0 } = problem;
    return { ...problem, there: (lines[line - 1] ?? "").slice(column - 1).replace(/,$/, "") };
  });
}

describe("a crossed set is refused, with the place, for", () => {
  test("a side without levels", () => {
    expect(
      problemsAfter(({ pairs: [, pair] }) => {
        Object.assign(pair, { a: "a cube one meter wide" });
      }),
    ).toMatchObject([
      {
        code: "missing-key",
        path: "pairs[1].a.levels",
        there: '"a": "a cube one meter wide"',
        expected: "a level of each factor: object, size",
      },
    ]);
  });

  test("a side without a level of one factor", () => {
    expect(problemsAfter(({ pairs: [pair] }) => delete pair.b.levels?.["size"])).toMatchObject([
      {
        code: "missing-key",
        path: "pairs[0].b.levels.size",
        there: '"levels": {',
        expected: "one of 1-m, 1-mm, 1-km",
      },
    ]);
  });

  test("a level of an unknown factor", () => {
    expect(
      problemsAfter(({ pairs: [pair] }) => {
        Object.assign(pair.a.levels ?? {}, { colour: "grey" });
      }),
    ).toMatchObject([
      {
        code: "unknown-key",
        path: "pairs[0].a.levels.colour",
        there: '"colour": "grey"',
        received: '"colour"',
      },
    ]);
  });

  test("an unknown level", () => {
    expect(
      problemsAfter(({ pairs: [pair] }) => {
        Object.assign(pair.a.levels ?? {}, { size: "2-m" });
      }),
    ).toMatchObject([
      {
        code: "invalid-value",
        path: "pairs[0].a.levels.size",
        there: '"size": "2-m"',
        expected: "one of 1-m, 1-mm, 1-km",
        received: '"2-m"',
      },
    ]);
  });

  test("sides that differ in a factor that is not graded", () => {
    expect(
      problemsAfter(({ pairs: [first, , third] }) => {
        [first.b, third.b] = [third.b, first.b];
      }),
    ).toMatchObject([
      {
        code: "invalid-value",
        path: "pairs[0].b.levels.object",
        there: '"object": "ring"',
        expected: '"cube", as side a has it',
        received: '"ring"',
      },
      { code: "invalid-value", path: "pairs[2].b.levels.object" },
    ]);
  });

  test("a side b with the smaller grade", () => {
    expect(
      problemsAfter(({ pairs: [pair] }) => {
        [pair.a, pair.b] = [pair.b, pair.a];
      }),
    ).toMatchObject([
      {
        code: "invalid-value",
        path: "pairs[0].b.levels.size",
        there: '"size": "1-mm"',
        expected: "a level with a grade above 0, which side a has",
        received: '"1-mm", whose grade is -3',
      },
    ]);
  });

  test("two sides of one level", () => {
    expect(
      problemsAfter(({ pairs: [, , pair] }) => {
        pair.a = pair.b;
      }),
    ).toMatchObject([
      { code: "invalid-value", path: "pairs", received: '5 of them, without "ring 1-mm"' },
      { code: "invalid-value", path: "pairs[2].b.levels.size", there: '"size": "1-m"' },
    ]);
  });

  test("a grade of a pair that is not the difference of its levels'", () => {
    expect(
      problemsAfter(({ pairs: [first, second, third] }) => {
        first.grade = 2.999;
        second.grade = 3 + 1e-10;
        delete third.grade;
      }),
    ).toMatchObject([
      {
        code: "invalid-value",
        path: "pairs[0].grade",
        there: '"grade": 2.999',
        expected: "3, which is 0 − -3",
        received: "2.999",
      },
    ]);
  });

  test("a cell with two prompts, or with two lists of images", () => {
    expect(
      problemsAfter(({ pairs: [, second, third] }) => {
        second.a.prompt = "a cube 1 m wide";
        third.b.images = ["ring.png"];
      }),
    ).toMatchObject([
      {
        code: "invalid-value",
        path: "pairs[1].a.prompt",
        there: '"prompt": "a cube 1 m wide"',
        expected: '"a cube one meter wide", as at pairs[0].b',
        received: '"a cube 1 m wide"',
      },
      { code: "invalid-value", path: "pairs[3].a.images", expected: "a list of 1, as at pairs[2].b" },
    ]);
  });

  test("a combination of levels that is no side of a pair", () => {
    expect(problemsAfter(({ pairs }) => pairs.pop())).toMatchObject([
      {
        code: "invalid-value",
        path: "pairs",
        there: '"pairs": [',
        expected: "each of the 6 combinations",
        received: '5 of them, without "ring 1-km"',
      },
    ]);
  });

  test("levels of sides in a set that has no factors", () => {
    const set = tinySet();
    set.pairs[1] = {
      id: "two",
      a: { prompt: "a tiny object", levels: { size: "tiny" } },
      b: "a huge object",
    };
    expect(problemsOf(() => parsePromptSet(JSON.stringify(set)))).toMatchObject([
      { code: "unknown-key", path: "pairs[1].a.levels", line: 1, received: "an object { size }" },
    ]);
  });

  test("an object that is a prompt alone, and a level id with white space", () => {
    const set = tinySet();
    set.pairs[0] = { id: "one", a: { prompt: "p" }, b: { prompt: "q", levels: { size: "1 m" } } };
    expect(problemsOf(() => parsePromptSet(JSON.stringify(set)))).toMatchObject([
      { code: "invalid-value", path: "pairs[0].a", received: "an object { prompt }" },
      { code: "invalid-value", path: "pairs[0].b.levels.size", received: '"1 m"' },
    ]);
  });
});

test("the key __proto__ of a side's levels is refused: it would be lost", () => {
  const text = JSON.stringify(tinyCrossedSet()).replace(
    '"levels":{"object"',
    '"levels":{"__proto__":"x","object"',
  );
  expect(problemsOf(() => parsePromptSet(text))).toMatchObject([
    { code: "unknown-key", path: "pairs[0].a.levels.__proto__" },
  ]);
});

test("any crossed set is refused without any one of its pairs that is the only one of a cell, and taken in any order", () => {
  fc.assert(
    fc.property(designs, fc.nat(), fc.nat(), (design, first, second) => {
      const set = definePromptSet(design);
      const pairs = set.pairs.toSorted((one, other) => rank(one.id, first) - rank(other.id, first));
      expect(definePromptSet({ ...set, pairs })).toEqual({ ...set, pairs });
      const graded = design.factors.find(({ levels }) => levels[0]?.grade !== undefined);
      fc.pre(set.pairs.length > 2 && graded !== undefined && graded.levels.length % 2 === 0);
      const left = set.pairs.toSpliced(second % set.pairs.length, 1);
      expect(problemsOf(() => definePromptSet({ ...set, pairs: left }))).toMatchObject([
        { code: "invalid-value", path: "pairs", what: "a combination of levels is a side of no pair" },
      ]);
    }),
  );
});

test("any side of any crossed set is refused at its place without a level, and with an unknown one", () => {
  const key = fc.constantFrom("a", "b");
  const size = fc.constantFrom(undefined, "no-such-level");
  fc.assert(
    fc.property(designs, fc.nat(), fc.nat(), key, size, (design, pair, factor, key, level) => {
      const set = definePromptSet(design);
      const place = pair % set.pairs.length;
      const name = design.factors[factor % design.factors.length]?.name ?? "";
      const pairs = set.pairs.map((pair, index) => {
        const side = pair[key === "a" ? "a" : "b"];
        const others = Object.entries(sideLevels(side)).filter(([other]) => other !== name);
        const levels = Object.fromEntries(level === undefined ? others : [...others, [name, level]]);
        return index === place ? { ...pair, [key]: { prompt: promptText(side), levels } } : pair;
      });
      const code = level === undefined ? "missing-key" : "invalid-value";
      expect(problemsOf(() => definePromptSet({ ...set, pairs }))).toMatchObject([
        { code, path: `pairs[${place}].${key}.levels.${name}` },
      ]);
    }),
  );
});

test("a file with as many unknown levels as it can hold is refused in bounded time", () => {
  const { factors, ...set } = tinyCrossedSet();
  const levels = Array.from({ length: 10_000 }, (_, grade) => ({ id: `l${grade}`, grade }));
  const pairs = levels.map((_, id) => {
    const side = { prompt: "p", levels: { object: `x${id}`, size: `y${id}` } };
    return { id: `${id}`, a: side, b: side };
  });
  const text = JSON.stringify({ ...set, factors: [factors[0], { name: "size", levels }], pairs });
  expect(problemsOf(() => parsePromptSet(text))).toHaveLength(40_000);
});

function rank(id: string, seed: number): number {
  return Array.from(id).reduce((hash, character) => (hash * 31 + character.charCodeAt(0) + seed) % 9973, 7);
}

import { describe, expect, test } from "vitest";
import { tinyDesign } from "../../test/crossed-set.ts";
import { problemsOf } from "../../test/problems-of.ts";
import { parsePromptSet } from "../parse-prompt-set.ts";

type Spoiler = (design: ReturnType<typeof tinyDesign>) => void;

const faults: [string, Spoiler, object][] = [
  [
    "two factors of one name",
    ({ factors }) => factors.push({ ...factors[0], name: "object", levels: factors[0]?.levels ?? [] }),
    { code: "duplicate-id", path: "factors[2].name", received: '"object" at factors[0] and at factors[2]' },
  ],
  [
    "two levels of one id",
    ({ factors }) => factors[0]?.levels.push({ id: "cube", text: "die" }),
    {
      code: "duplicate-id",
      path: "factors[0].levels[2].id",
      received: '"cube" at levels[0] and at levels[2]',
    },
  ],
  [
    "no graded factor",
    ({ factors }) => factors[1]?.levels.forEach((level) => delete level["grade"]),
    { code: "missing-key", path: "factors", what: "no factor is graded" },
  ],
  [
    "two graded factors",
    ({ factors }) => factors[0]?.levels.forEach((level, index) => (level["grade"] = index)),
    { code: "invalid-value", path: "factors[1]", received: 'grades of "object" and of "size"' },
  ],
  [
    "a level without a grade in the graded factor",
    ({ factors }) => delete factors[1]?.levels[2]?.["grade"],
    { code: "missing-key", path: "factors[1].levels[2].grade", what: 'the level "1-km" has no grade' },
  ],
  [
    "two levels of one grade",
    ({ factors }) => Object.assign(factors[1]?.levels[2] ?? {}, { grade: -3 }),
    {
      code: "invalid-value",
      path: "factors[1].levels[2].grade",
      received: "-3 at levels[1] and at levels[2]",
    },
  ],
  [
    "one factor",
    (design) => Object.assign(design, { template: "{size}" }).factors.shift(),
    { code: "invalid-value", path: "factors", expected: "at least two factors", received: "a list of 1" },
  ],
  [
    "a factor of one level",
    ({ factors }) => factors[0]?.levels.pop(),
    { code: "invalid-value", path: "factors[0].levels", expected: "at least two levels" },
  ],
  [
    "a factor whose name cannot stand in braces",
    ({ factors }) => Object.assign(factors[0] ?? {}, { name: "the object" }),
    { code: "invalid-value", path: "factors[0].name", received: '"the object"' },
  ],
  [
    "a factor with the name __proto__",
    ({ factors }) => Object.assign(factors[0] ?? {}, { name: "__proto__" }),
    { code: "invalid-value", path: "factors[0].name", received: '"__proto__"' },
  ],
  [
    "a level whose id has white space",
    ({ factors }) => Object.assign(factors[0]?.levels[0] ?? {}, { id: "a cube" }),
    { code: "invalid-value", path: "factors[0].levels[0].id", received: '"a cube"' },
  ],
  [
    "an unknown key of a factor",
    ({ factors }) => Object.assign(factors[0] ?? {}, { level: [] }),
    { code: "unknown-key", path: "factors[0].level", expected: "one of name, levels", advice: "Remove it." },
  ],
  [
    "an unknown key of a level",
    ({ factors }) => Object.assign(factors[0]?.levels[0] ?? {}, { grad: 1 }),
    { code: "unknown-key", path: "factors[0].levels[0].grad", advice: 'Did you mean "grade"?' },
  ],
];

describe("a crossed set is refused for", () => {
  test.each(faults)("%s, as a design and with its pairs", (_, spoil, problem) => {
    const design = tinyDesign();
    const { pairs } = parsePromptSet(JSON.stringify(design));
    spoil(design);
    for (const text of [JSON.stringify(design), JSON.stringify({ ...design, template: undefined, pairs })])
      expect(problemsOf(() => parsePromptSet(text))[0]).toMatchObject({ ...problem, line: 1 });
  });
});

test("every problem of the factors is named at once, each at its line", () => {
  const design = tinyDesign();
  design.factors[0]?.levels.push({ id: "ring", text: "ring" });
  delete design.factors[1]?.levels[1]?.["grade"];
  const text = JSON.stringify(design, null, 2);
  const lines = text.split("\n");
  const found = problemsOf(() => parsePromptSet(text)).map(({ line = 0 }) => lines[line - 1]?.trim());
  expect(found).toEqual(['"id": "ring",', "{"]);
});

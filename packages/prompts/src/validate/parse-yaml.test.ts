import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { stringify } from "yaml";
import { problemsOf } from "../../test/problems-of.ts";
import type { PromptsProblem } from "../prompts-error.ts";
import { MAX_NESTING } from "./limits.ts";
import { parseYaml } from "./parse-yaml.ts";

const source = "text.yaml";
const read = (text: string): unknown => parseYaml(text, { source }).value;
const problems = (text: string): readonly PromptsProblem[] => problemsOf(() => read(text));

describe("parseYaml", () => {
  test("returns what was written as YAML, and JSON too", () => {
    // As JSON says it: −0 is 0 there, while YAML keeps the sign.
    const json = fc.jsonValue({ maxDepth: 4 }).map(clean);
    fc.assert(
      fc.property(json, (value) => {
        expect(read(stringify(value, { aliasDuplicateObjects: false }))).toEqual(value);
        expect(read(JSON.stringify(value))).toEqual(value);
      }),
      { numRuns: 50 },
    );
  });

  test("reads yes, no, dates and versions as strings", () => {
    expect(read("[yes, no, 2024-05-01, 1.0.0]")).toEqual(["yes", "no", "2024-05-01", "1.0.0"]);
  });

  test("reads no document as null", () => {
    expect(read("# nothing\n")).toBeNull();
  });

  test("locates values, members and what stands nearest to a path that is not there", () => {
    const { locate } = parseYaml("# head\na:\n  - 1\n  - b: 2\n", { source });
    expect(locate([])).toEqual({ line: 2, column: 1 });
    expect(locate(["a"])).toEqual({ line: 2, column: 1 });
    expect(locate(["a", 1])).toEqual({ line: 4, column: 5 });
    expect(locate(["a", 1, "b"])).toEqual({ line: 4, column: 5 });
    expect(locate(["a", 7, "c"])).toEqual({ line: 2, column: 1 });
  });
});

describe("parseYaml refuses", () => {
  test.each([
    ["a: b: c", 1, 4],
    ["a: [1, 2", 1, 9],
    ["a: 1\n\tb: 2", 2, 1],
    ["a: 1\n---\nb: 2", 2, 1],
    ["a: !!js/function x", 1, 4],
  ])("%j at line %i, column %i", (text, line, column) => {
    expect(problems(text)[0]).toMatchObject({ code: "invalid-yaml", line, column });
  });

  test("a key that occurs twice, naming both lines", () => {
    expect(problems("a:\n  b: 1\n  'b': 2")).toMatchObject([
      { code: "duplicate-key", path: "a.b", line: 3, column: 3, received: "it on line 2 and on line 3" },
    ]);
  });

  test("aliases, so that nothing multiplies or holds itself", () => {
    expect(problems("a: &x [1]\nb: *x")).toMatchObject([
      { code: "invalid-yaml", path: "b", line: 2, column: 4, received: "an alias (*name)" },
    ]);
    expect(problems("a: &x [*x]")).toHaveLength(1);
  });

  test("an alias as a key, which would overwrite the key that it stands for", () => {
    expect(problems("&k title: first\n*k : second")).toMatchObject([
      { code: "invalid-yaml", path: "", line: 2, column: 1, received: "an alias (*name)" },
    ]);
    expect(problems("[{ &b b : c }, { b: d, *b : e }]")).toMatchObject([
      { code: "invalid-yaml", path: "[1]", line: 1, column: 24, received: "an alias (*name)" },
    ]);
  });

  test.each([
    ["{ [x, y]: 1 }", 3, "a list"],
    ["{ {x: y}: 1 }", 3, "a map"],
    ["? - x\n: 1", 3, "a list"],
  ])("a key that is itself a collection: %j", (text, column, received) => {
    expect(problems(text)).toMatchObject([{ code: "invalid-yaml", path: "", line: 1, column, received }]);
  });

  test("what stands under a refused key, too", () => {
    expect(problems("? [&x x]\n: *x")).toMatchObject([{ line: 1 }, { line: 2, column: 3 }]);
  });

  test("with its problems in the order of the document", () => {
    const found = problems("a: 1\na: [*x, { b: 1, b: *x }]\nc: { d: *x }\n&e e: 1\n*e : *x\nf:\n- *x\n- *x");
    const places = found.map(({ line, column }) => [line, column]);
    expect(places).toEqual([
      [2, 1],
      [2, 5],
      [2, 17],
      [2, 20],
      [3, 9],
      [5, 1],
      [5, 6],
      [7, 3],
      [8, 3],
    ]);
  });

  test("an empty key beside a null, which are one key", () => {
    expect(problems('"": 1\n~: 2')).toMatchObject([{ code: "duplicate-key", line: 2, column: 1 }]);
  });

  test.each(["[", "- ", "{a: "])("%j nested beyond the limit, without exhausting the stack", (open) => {
    expect(problems(open.repeat(MAX_NESTING + 2))[0]?.code).toMatch(/too-large|invalid-yaml/);
    expect(problems(`${"[".repeat(70)}${"]".repeat(70)}`)).toMatchObject([{ code: "too-large", line: 1 }]);
    expect(problems(open.repeat(20_000))[0]?.code).toMatch(/too-large|invalid-yaml/);
  });
});

/** JSON has a negative zero that YAML writes as 0. */
function clean(value: unknown): unknown {
  return JSON.parse(JSON.stringify(value)) as unknown;
}

import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { PromptsError, type PromptsProblem } from "../prompts-error.ts";
import { MAX_NESTING } from "./limits.ts";
import { parseJson } from "./parse-json.ts";

const source = "text.json";

describe("parseJson", () => {
  test("returns what JSON.parse returns", () => {
    fc.assert(
      fc.property(fc.jsonValue({ maxDepth: 4 }), (value) => {
        const text = JSON.stringify(value, null, 2);
        expect(parseJson(text, { source }).value).toEqual(JSON.parse(text));
      }),
    );
  });

  test("accepts a text if and only if JSON.parse does", () => {
    const fragment = fc.constantFrom(
      ...Array.from('{}[]:,"\\ \n\t\u0001u0e-+.19xé'),
      "true",
      "null",
      '"a"',
      "\\u00e9",
      "//",
      "\u00A0",
    );
    fc.assert(
      fc.property(fc.array(fragment, { maxLength: 6 }), (fragments) => {
        const text = fragments.join("");
        expect(accepts(() => parseJson(text, { source }))).toBe(accepts(() => void JSON.parse(text)));
      }),
      { numRuns: 5_000 },
    );
  });

  test("locates values, members and what stands nearest to a path that is not there", () => {
    const { locate } = parseJson('{\n  "a": [1,\n    {"b": 2}]\n}', { source });
    expect(locate([])).toEqual({ line: 1, column: 1 });
    expect(locate(["a"])).toEqual({ line: 2, column: 3 });
    expect(locate(["a", 1])).toEqual({ line: 3, column: 5 });
    expect(locate(["a", 1, "b"])).toEqual({ line: 3, column: 6 });
    expect(locate(["a", 1, "c", 5])).toEqual({ line: 3, column: 5 });
  });
});

describe("parseJson refuses", () => {
  test.each([
    ["", 1, 1, "the end of the text"],
    ['{"a": 1,}', 1, 9, 'the character "}" there'],
    ['{\n  "a": [1 2]\n}', 2, 11, 'the character "2" there'],
    ['{\r\n  "a": tru\r\n}', 2, 8, 'the character "t" there'],
    ['{"a": "x', 1, 9, "the end of the text"],
    ['{\n"a": "x\ty"}', 2, 8, 'the character "\\t" there'],
    ["[1]\n// done", 2, 1, 'the character "/" there'],
    ["{'a': 1}", 1, 2, 'the character "\'" there'],
  ])("%j at line %i, column %i", (text, line, column, received) => {
    expect(problemOf(text)).toMatchObject({ code: "invalid-json", line, column, received });
  });

  test("a key that occurs twice, naming both lines", () => {
    expect(problemOf('{"a": {\n"b": 1,\n"b": 2}}')).toMatchObject({
      code: "duplicate-key",
      path: "a.b",
      line: 3,
      column: 1,
      received: "it on line 2 and on line 3",
    });
  });

  test.each(["[", '{"a":'])("%j nested beyond the limit, without exhausting the stack", (open) => {
    expect(problemOf(open.repeat(100_000))).toMatchObject({
      code: "too-large",
      line: 1,
      column: MAX_NESTING * open.length + 1,
    });
  });

  test("no bracket that stands in a string", () => {
    const text = JSON.stringify([`"\\${"[".repeat(1_000)}`]);
    expect(parseJson(text, { source }).value).toEqual(JSON.parse(text));
  });
});

function problemOf(text: string): PromptsProblem | undefined {
  try {
    parseJson(text, { source });
  } catch (error) {
    if (error instanceof PromptsError) return error.problems[0];
    throw error;
  }
  throw new Error("the text was accepted");
}

function accepts(parse: () => unknown): boolean {
  try {
    parse();
    return true;
  } catch {
    return false;
  }
}

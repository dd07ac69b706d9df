import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { tinyReference, tinySet } from "../test/tiny-set.ts";
import { parsePromptSet, type PromptSetFormat } from "./parse-prompt-set.ts";
import { PromptsError, type PromptsProblem } from "./prompts-error.ts";
import { MAX_FILE_BYTES, MAX_PAIRS, MAX_PROMPT_CHARACTERS } from "./validate/limits.ts";

describe("parsePromptSet", () => {
  test("returns what the text says", () => {
    expect(parsePromptSet(JSON.stringify(tinySet()))).toEqual(tinySet());
  });

  test("takes every optional part of a set", () => {
    const full = { ...tinySet(), $schema: "x.json", reference: tinyReference };
    full.pairs[0] = {
      id: "one",
      a: { prompt: "a", images: ["x/a.png"] },
      b: { prompt: "a", images: ["x/b.png"] },
      grade: -1.5,
      meta: { metres: [0.001, 1000], nested: { list: [null] } },
    };
    expect(parsePromptSet(JSON.stringify(full))).toEqual(full);
  });

  test.each([[[tinyReference]], [[tinyReference, { ...tinyReference, seed: 1 }]]])(
    "takes a list of references",
    (reference) => {
      expect(parsePromptSet(JSON.stringify({ ...tinySet(), reference })).reference).toEqual(reference);
    },
  );

  test("ignores a byte order mark", () => {
    expect(parsePromptSet(`\uFEFF${JSON.stringify(tinySet())}`)).toEqual(tinySet());
  });

  test("keeps quotes, markup, emoji and right-to-left script in a prompt as they are", () => {
    const set = tinySet();
    const prompt = " <b>\"a\" & 'b'</b> 😀 كائن {object} ";
    set.pairs[0] = { id: "مثال", a: prompt, b: "b" };
    expect(parsePromptSet(JSON.stringify(set)).pairs[0]).toEqual({ id: "مثال", a: prompt, b: "b" });
  });
});

describe("parsePromptSet refuses", () => {
  test("two pairs of one id, naming both positions", () => {
    const set = tinySet();
    set.pairs.push({ ...set.pairs[0], id: "two" });
    expect(problemsOf(JSON.stringify(set, null, 2))).toMatchObject([
      {
        code: "duplicate-id",
        path: "pairs[2].id",
        line: 21,
        column: 7,
        received: '"two" at pairs[1] and at pairs[2]',
      },
    ]);
  });

  test.each([
    ["", "pairs[1].b"],
    [" \n\t", "pairs[1].b"],
    [{ prompt: "", images: ["a.png"] }, "pairs[1].b.prompt"],
  ])("an empty side: %j", (b, path) => {
    expect(problemsOf(spoilPair({ b }))).toMatchObject([{ code: "empty-side", path }]);
  });

  test.each([0, 1])("%i pairs, because a paired test needs two", (count) => {
    const set = { ...tinySet(), pairs: tinySet().pairs.slice(0, count) };
    expect(problemsOf(JSON.stringify(set))).toMatchObject([
      {
        code: "too-few-pairs",
        path: "pairs",
        expected: "at least two pairs",
        received: `a list of ${count}`,
      },
    ]);
  });

  test.each([
    [{ ...tinySet(), refrence: tinyReference }, "refrence", 'Did you mean "reference"?'],
    [{ ...tinySet(), colour: 1 }, "colour", "Remove it."],
    [{ ...tinySet(), labels: { a: "x", b: "y", c: "z" } }, "labels.c", "Remove it."],
    [{ ...tinySet(), reference: { ...tinyReference, hieght: 1 } }, "reference.hieght", "Remove it."],
    [{ ...tinySet(), reference: [{ ...tinyReference, image: "x" }] }, "reference[0].image", "Remove it."],
  ])("an unknown key of a set, naming the nearest that is not yet there", (set, path, advice) => {
    expect(problemsOf(JSON.stringify(set))).toMatchObject([{ code: "unknown-key", path, advice }]);
  });

  test.each([
    [{ grad: 1 }, "pairs[1].grad", 'Did you mean "grade"?'],
    [{ metres: [1, 2] }, "pairs[1].metres", "Remove it, or move it into meta."],
    [{ a: { prompt: "a", images: ["x"], image: "x" } }, "pairs[1].a.image", "Remove it."],
    [{ ["__proto__x"]: 1 }, "pairs[1].__proto__x", "Remove it, or move it into meta."],
  ])("an unknown key of a pair: %j", (more, path, advice) => {
    expect(problemsOf(spoilPair(more))).toMatchObject([{ code: "unknown-key", path, advice }]);
  });

  test.each([
    ["json", '"meta": { "__proto__": { "x": 1 } }'],
    ["yaml", "meta: { __proto__: { x: 1 } }"],
  ] as const)("the key __proto__ in meta, which would be lost: %s", (format, meta) => {
    const text = `{ "name": "x", "version": "1", "title": "t", "labels": { "a": "x", "b": "y" }, "pairs": [
  { "id": "1", "a": "p", "b": "q" },
  { "id": "2", "a": "p", "b": "q", ${meta} }
]}`;
    expect(problemsOf(text, format)).toMatchObject([
      { code: "unknown-key", path: "pairs[1].meta.__proto__", line: 3, received: '"__proto__"' },
    ]);
  });

  test("the column __proto__ of a CSV, naming it in each row", () => {
    const head = "# name: x\n# version: '1'\n# title: t\n# labels: { a: x, b: y }\n";
    expect(problemsOf(`${head}id,a,b,__proto__\n1,p,q,5\n2,p,q,`, "csv")).toMatchObject([
      { code: "unknown-key", path: "pairs[0].meta.__proto__", line: 6, column: 7 },
    ]);
  });

  test.each([
    ["name", "a name, a string with a visible character"],
    ["version", "a version, a string with a visible character"],
    ["title", "a title, a string with a visible character"],
    ["labels", "an object { a, b } of two labels"],
    ["pairs", "a list of pairs, or a template with factors"],
  ])("a set without %s", (key, expected) => {
    const set: Record<string, unknown> = Object.fromEntries(
      Object.entries(tinySet()).filter(([name]) => name !== key),
    );
    expect(problemsOf(JSON.stringify(set))).toMatchObject([
      { code: "missing-key", path: key, expected, received: "nothing", line: 1, column: 1 },
    ]);
  });

  test.each([
    [{ a: 5 }, "pairs[1].a", "a prompt (a string) or an object { prompt, images }", "5"],
    [{ a: null }, "pairs[1].a", "a prompt (a string) or an object { prompt, images }", "null"],
    [{ a: ["x"] }, "pairs[1].a", "a prompt (a string) or an object { prompt, images }", "a list of 1"],
    [{ a: { prompt: "a", images: "x.png" } }, "pairs[1].a.images", "a list of image files", '"x.png"'],
    [{ a: { prompt: "a", images: [7] } }, "pairs[1].a.images[0]", "an image file, a string", "7"],
    [{ a: { prompt: "a", images: [] } }, "pairs[1].a.images", "at least one image file", "a list of 0"],
    [
      { a: { prompt: "a", images: ["https://x.org/a.png"] } },
      "pairs[1].a.images[0]",
      "a path of an image file (addresses are not fetched)",
      '"https://x.org/a.png"',
    ],
    [{ grade: "6" }, "pairs[1].grade", "a finite number", '"6"'],
    [{ meta: [1] }, "pairs[1].meta", "an object", "a list of 1"],
    [{ id: 3 }, "pairs[1].id", "an id, a string", "3"],
    [{ id: " " }, "pairs[1].id", "an id, a string with a visible character", '" "'],
  ])("a value of the wrong type in a pair: %j", (more, path, expected, received) => {
    const [problem] = problemsOf(spoilPair(more));
    expect(problem).toMatchObject({ code: "invalid-value", path, received });
    expect(problem?.expected).toContain(expected);
  });

  test.each([
    [{ width: 1000 }, "width", "a multiple of 16"],
    [{ height: 0 }, "height", "a whole number from 16"],
    [{ height: 1e9 }, "height", "a whole number from 16"],
    [{ steps: 0 }, "steps", "a whole number from 1"],
    [{ steps: 1.5 }, "steps", "a whole number from 1"],
    [{ seed: -1 }, "seed", "a whole number from 0"],
    [{ guidance: -1 }, "guidance", "a number, 0 or more"],
  ])("a reference with %j", (more, key, expected) => {
    const text = JSON.stringify({ ...tinySet(), reference: { ...tinyReference, ...more } });
    const [problem] = problemsOf(text);
    expect(problem).toMatchObject({ code: "invalid-value", path: `reference.${key}` });
    expect(problem?.expected).toContain(expected);
  });

  test.each([
    [5, "reference", "a reference (an object) or a list of references"],
    [[], "reference", "at least one reference"],
  ])("the reference %j", (reference, path, expected) => {
    const [problem] = problemsOf(JSON.stringify({ ...tinySet(), reference }));
    expect(problem?.path).toBe(path);
    expect(problem?.expected).toContain(expected);
  });

  test("a number beyond float64", () => {
    const text = spoilPair({ grade: 12345 }).replace("12345", "1e999");
    expect(problemsOf(text)).toMatchObject([{ path: "pairs[1].grade", received: "Infinity" }]);
  });

  test.each(["[]", "null", '"measure"', "42"])("a document that is no object: %s", (text) => {
    expect(problemsOf(text)).toMatchObject([{ code: "invalid-value", path: "", line: 1, column: 1 }]);
  });

  test("a prompt that is too long, a list that is too long, a text that is too long", () => {
    expect(problemsOf(spoilPair({ a: "x".repeat(MAX_PROMPT_CHARACTERS + 1) }))).toMatchObject([
      { code: "too-large", path: "pairs[1].a", received: `${MAX_PROMPT_CHARACTERS + 1} characters` },
    ]);
    const pairs = Array.from({ length: MAX_PAIRS + 1 }, (_, id) => ({ id: String(id), a: "a", b: "b" }));
    expect(problemsOf(JSON.stringify({ ...tinySet(), pairs }))).toMatchObject([
      { code: "too-large", path: "pairs", received: `a list of ${MAX_PAIRS + 1}` },
    ]);
    expect(problemsOf(" ".repeat(MAX_FILE_BYTES + 1))).toMatchObject([{ code: "too-large", path: "" }]);
  });

  test.each(["json", "yaml"] as const)("every problem at once, in the order of the %s text", (format) => {
    const text = `{
  "pairs": [{ "b": "", "a": "", "id": "", "7": 1 }, { "x": 1, "id": "2", "a": "p", "b": "q", "grade": "6" }],
  "labels": { "b": "", "a": "x" },
  "verson": 3,
  "title": 5,
  "name": ""
}`;
    expect(problemsOf(text, format).map(({ code, path }) => [code, path])).toEqual([
      ["missing-key", "version"],
      ["empty-side", "pairs[0].b"],
      ["empty-side", "pairs[0].a"],
      ["invalid-value", "pairs[0].id"],
      ["unknown-key", "pairs[0].7"],
      ["unknown-key", "pairs[1].x"],
      ["invalid-value", "pairs[1].grade"],
      ["invalid-value", "labels.b"],
      ["unknown-key", "verson"],
      ["invalid-value", "title"],
      ["invalid-value", "name"],
    ]);
  });

  test("every pair of ten thousand", () => {
    const pairs = Array.from({ length: MAX_PAIRS }, (_, id) => ({ id: String(id), a: "", b: "b" }));
    const problems = problemsOf(JSON.stringify({ ...tinySet(), pairs }));
    expect(problems).toHaveLength(MAX_PAIRS);
    expect(problems.at(-1)?.path).toBe(`pairs[${MAX_PAIRS - 1}].a`);
  });

  test("with one readable message", () => {
    expect(() => parsePromptSet(spoilPair({ b: "" }), { source: "mine.json" })).toThrow(
      "mine.json:1:198: pairs[1].b: a side is empty. Expected a prompt, a string with a visible character, " +
        'received an empty string (""). Write the prompt, or remove the pair.',
    );
  });

  test.each(["json", "yaml"] as const)("each of 20,000 unknown keys in bounded time: %s", (format) => {
    const keys = Array.from({ length: 20_000 }, (_, key) => `"k${key}": 1`).join(", ");
    const problems = problemsOf(`{${keys}}`, format);
    expect(problems.filter(({ code }) => code === "unknown-key")).toHaveLength(20_000);
  });

  test("any other JSON with a PromptsError, never another", () => {
    const values = fc.anything({ maxDepth: 3 });
    fc.assert(
      fc.property(
        fc.oneof(
          fc.json(),
          values.map((pairs) => JSON.stringify({ ...tinySet(), pairs })),
        ),
        (text) => {
          expect(problemsOf(text).length).toBeGreaterThan(0);
        },
      ),
    );
  });
});

function problemsOf(text: string, format: PromptSetFormat = "json"): readonly PromptsProblem[] {
  try {
    parsePromptSet(text, { format });
  } catch (error) {
    if (error instanceof PromptsError) return error.problems;
    throw error;
  }
  throw new Error("the text was accepted");
}

/** The tiny set as text, its second pair with other members. */
function spoilPair(members: Record<string, unknown>): string {
  const set = tinySet();
  set.pairs[1] = { ...set.pairs[1], ...members };
  return JSON.stringify(set);
}

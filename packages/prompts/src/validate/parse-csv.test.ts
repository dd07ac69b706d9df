import { describe, expect, test } from "vitest";
import { problemsOf } from "../../test/problems-of.ts";
import { parsePromptSet } from "../parse-prompt-set.ts";
import type { PromptSet } from "../prompt-set.ts";
import type { PromptsProblem } from "../prompts-error.ts";

const head = [
  "# name: warmth",
  "# version: 1.0.0",
  "# title: Claimed warmth",
  "# labels: { a: cold, b: hot }",
];
const read = (...lines: string[]): PromptSet => parsePromptSet(lines.join("\n"), { format: "csv" });
const problems = (...lines: string[]): readonly PromptsProblem[] => problemsOf(() => read(...lines));

describe("a prompt set as CSV", () => {
  test("has its head in comment lines, and a row for each pair", () => {
    expect(read(...head, "id,a,b", "1,a cold cup,a hot cup", '2,"cold, grey","hot, ""grey"""')).toEqual({
      name: "warmth",
      version: "1.0.0",
      title: "Claimed warmth",
      labels: { a: "cold", b: "hot" },
      pairs: [
        { id: "1", a: "a cold cup", b: "a hot cup" },
        { id: "2", a: "cold, grey", b: 'hot, "grey"' },
      ],
    });
  });

  test("takes grade, and any other column as meta: x_a and x_b as a list, empty cells left out", () => {
    const set = read(
      ...head,
      "id,grade,a,b,kelvin_a,kelvin_b,note",
      "1,2,a,b,1e2,300,007",
      "2,,c,d,,400,",
      "3,,e,f,,,",
    );
    expect(set.pairs).toEqual([
      { id: "1", a: "a", b: "b", grade: 2, meta: { kelvin: [100, 300], note: "007" } },
      { id: "2", a: "c", b: "d", meta: { kelvin: [null, 400] } },
      { id: "3", a: "e", b: "f" },
    ]);
  });

  test("keeps columns apart whose names end alike", () => {
    const set = read(...head, "id,a,b,x_a,x_b,x_a_a,x_a_b,y_a,y", "1,a,b,1,2,3,4,5,6", "2,c,d,,,,,,");
    expect(set.pairs[0]?.meta).toEqual({ x: [1, 2], x_a: [3, 4], y_a: 5, y: 6 });
  });

  test("may have a reference, remarks, empty lines, a byte order mark and Windows' line ends", () => {
    const lines = [
      ...head,
      "# # a remark",
      "# reference: { prompt: a cup, seed: 0, steps: 14, guidance: 4, width: 512, height: 512 }",
      "",
      "id,a,b",
      "1,a,b",
      "",
      "2,c,d",
      "",
    ];
    const set = parsePromptSet(`\uFEFF${lines.join("\r\n")}`, { format: "csv" });
    expect(set.reference).toMatchObject({ prompt: "a cup", steps: 14 });
    expect(set.pairs).toHaveLength(2);
  });

  test("keeps a line separator of Unicode in the head, which ends no line of CSV", () => {
    expect(read(...head.slice(1), '# name: "x\u2028#y"', "id,a,b", "1,a,b", "2,c,d").name).toBe("x\u2028#y");
  });

  test("keeps prompts that look like numbers, comments or formulas as they are", () => {
    const { pairs } = read(...head, "id,a,b", "1,42,=1+1", "#2,# c,d");
    expect(pairs).toEqual([
      { id: "1", a: "42", b: "=1+1" },
      { id: "#2", a: "# c", b: "d" },
    ]);
  });
});

describe("a prompt set as CSV is refused", () => {
  test("without its head, naming each line to add", () => {
    const found = problems("# title: x", "id,a,b", "1,a,b", "2,c,d");
    expect(found.map(({ path }) => path)).toEqual(["name", "version", "labels"]);
    expect(found[0]).toMatchObject({
      code: "missing-key",
      expected: 'a line "# name: …" above the header row',
    });
  });

  test("with comment lines that are no head", () => {
    expect(problems("# my pairs", "id,a,b", "1,a,b", "2,c,d")).toMatchObject([
      { code: "invalid-csv", line: 1 },
    ]);
  });

  test("with a fault in the head, at its place", () => {
    expect(problems(...head, "# lables: {}", "id,a,b", "1,a,b", "2,c,d")).toMatchObject([
      { code: "unknown-key", path: "lables", line: 5, column: 3 },
    ]);
    expect(problems("# name: a: b", ...head.slice(1), "id,a,b")).toMatchObject([
      { code: "invalid-yaml", line: 1, column: 9 },
    ]);
  });

  test("with a fault in a cell, at its place", () => {
    expect(problems(...head, "id,a,b,grade", "1,a,b,1", "2,c,,high", "1,e,f,")).toMatchObject([
      { code: "empty-side", path: "pairs[1].b", line: 7, column: 5 },
      { code: "invalid-value", path: "pairs[1].grade", line: 7, column: 6, received: '"high"' },
    ]);
    expect(problems(...head, "id,a,b", "1,a,b", "1,c,d")).toMatchObject([
      { code: "duplicate-id", path: "pairs[1].id", line: 7, column: 1 },
    ]);
  });

  test("without a column, with one twice, one misspelt, one without a name, or one of images", () => {
    expect(problems(...head, "id,a,grad,x,x,,images_a", "1,2,3,4,5,6,7")).toMatchObject([
      { code: "missing-key", line: 5, column: 1, what: "the column b is missing" },
      { code: "unknown-key", line: 5, column: 6, advice: 'Did you mean "grade"?' },
      { code: "duplicate-key", line: 5, column: 13, received: '"x"' },
      { code: "unknown-key", line: 5, column: 15, advice: "Name it, or remove it." },
      { code: "unknown-key", line: 5, column: 16, advice: "Write a set with images as JSON or YAML." },
    ]);
    expect(problems(...head)).toMatchObject([{ received: "no row" }, {}, {}]);
  });

  test.each([
    ["id,a,b,kelvin,kelvin_a,kelvin_b", 8],
    ["id,a,b,kelvin_a,kelvin_b,kelvin", 26],
    ["id,a,b,kelvin_b,kelvin,kelvin_a", 17],
  ])("with a column that has the name of a pair of columns: %s", (header, column) => {
    expect(problems(...head, header, "1,a,b,1,2,3", "2,c,d,4,5,6")).toMatchObject([
      { code: "duplicate-key", line: 5, column, received: '"kelvin"' },
    ]);
  });

  test("with pairs in the head, which the rows would replace", () => {
    expect(problems(...head, "# pairs: []", "id,a,b", "1,a,b", "2,c,d")).toMatchObject([
      { code: "unknown-key", path: "pairs", line: 5, column: 3 },
    ]);
  });

  test("with a row of another length", () => {
    expect(problems(...head, "id,a,b", "1,a,b", "2,c, d, e")).toMatchObject([
      { code: "invalid-csv", line: 7, column: 1, expected: "3 cells", received: "4" },
    ]);
  });

  test("with fewer than two rows", () => {
    expect(problems(...head, "id,a,b", "1,a,b")).toMatchObject([{ code: "too-few-pairs" }]);
  });
});

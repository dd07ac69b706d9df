import { describe, expect, test } from "vitest";
import { problemsOf } from "../test/problems-of.ts";
import { definePromptSet, type TemplatedPromptSet } from "./define-prompt-set.ts";
import type { PromptSet } from "./prompt-set.ts";
import type { PromptsProblem } from "./prompts-error.ts";

const head = { name: "size", version: "1.0.0", title: "Size", labels: { a: "small", b: "large" } };

describe("definePromptSet", () => {
  test("returns a copy of listed pairs", () => {
    const set = {
      ...head,
      pairs: [
        { id: "1", a: "a", b: "b" },
        { id: "2", a: "c", b: "d" },
      ],
    };
    expect(definePromptSet(set)).toEqual(set);
    expect(definePromptSet(set).pairs).not.toBe(set.pairs);
  });

  test("returns a copy of what meta records, and refuses what JSON cannot say", () => {
    const metres = [1, 2];
    const define = (more: object): PromptSet => {
      const [first, second] = ["1", "2"].map((id) => ({ id, a: "a", b: "b", meta: { metres, ...more } }));
      return definePromptSet({ ...head, pairs: [first, second].flatMap((pair) => pair ?? []) });
    };
    const set = define({});
    metres[0] = 42;
    expect(set.pairs[0]?.meta).toEqual({ metres: [1, 2] });
    expect(problemsOf(() => define({ size: () => 1 }))).toMatchObject([
      { code: "invalid-value", path: "pairs[0].meta.size" },
      { code: "invalid-value", path: "pairs[1].meta.size" },
    ]);
    const circle: unknown[] = [];
    circle.push(circle);
    for (const [value, code] of [
      [1n, "invalid-value"],
      [NaN, "invalid-value"],
      [new Date(0), "invalid-value"],
      [[undefined], "invalid-value"],
      [circle, "too-large"],
    ] as const)
      expect(problemsOf(() => define({ value }))[0]).toMatchObject({ code });
    expect(define({ value: undefined }).pairs[0]?.meta).toEqual({ metres: [42, 2] });
  });

  test("fills one template for both sides, with a value for each side", () => {
    const set = definePromptSet({
      ...head,
      template: "a {size} {thing} on {ground}, {size}",
      rows: [
        { id: "1", values: { size: { a: "tiny", b: "huge" }, thing: "object", ground: "grey" }, grade: 2 },
        {
          id: "2",
          values: { size: { a: "1 mm", b: "1 km" }, thing: "object", ground: "$&" },
          meta: { n: 1 },
        },
      ],
    });
    expect(set).toEqual({
      ...head,
      pairs: [
        { id: "1", a: "a tiny object on grey, tiny", b: "a huge object on grey, huge", grade: 2 },
        { id: "2", a: "a 1 mm object on $&, 1 mm", b: "a 1 km object on $&, 1 km", meta: { n: 1 } },
      ],
    });
  });

  test("fills a template for each side", () => {
    const set = definePromptSet({
      ...head,
      template: { a: "this kitchen with {x} in it", b: "this kitchen as {x} sees it" },
      rows: ["a cat", "an ant"].map((x) => ({ id: x, values: { x } })),
    });
    expect(set.pairs[1]).toEqual({
      id: "an ant",
      a: "this kitchen with an ant in it",
      b: "this kitchen as an ant sees it",
    });
  });

  test.each([
    [{}, "a placeholder has no value", "Add size."],
    [{ size: "x", colour: "y" }, "a value has no placeholder", "Remove colour."],
  ])("refuses the values %j for a template with one placeholder", (values, what, advice) => {
    const definition: TemplatedPromptSet = {
      ...head,
      template: "a {size} object",
      rows: [{ id: "1", values }],
    };
    expect(() => definePromptSet(definition)).toThrow(
      expect.objectContaining({
        code: "invalid-template",
        problems: [expect.objectContaining({ path: "rows[0].values", what, advice }) as object],
      }) as Error,
    );
  });

  test.each([
    [5, "rows[1].values.size", "5"],
    [null, "rows[1].values.size", "null"],
    [["x", "y"], "rows[1].values.size", "a list of 2"],
    [{ a: "x" }, "rows[1].values.size.b", "nothing"],
    [{ a: "x", b: 7 }, "rows[1].values.size.b", "7"],
    [{ a: "x", b: "y", c: "z" }, "rows[1].values.size.c", '"z"'],
  ])("refuses a value that is not a text for each side: %j", (size, path, received) => {
    const rows = [
      { id: "1", values: { size: "big" } },
      { id: "2", values: { size } },
    ];
    expect(templateProblems({ rows })).toMatchObject([{ code: "invalid-template", path, received }]);
  });

  test.each([
    [{ template: 5 }, "template", "5"],
    [{ template: { a: "a {size} object" } }, "template.b", "nothing"],
    [{ rows: { id: "1" } }, "rows", "an object { id }"],
    [{ rows: [null] }, "rows[0]", "null"],
    [{ rows: [{ id: "1" }] }, "rows[0].values", "nothing"],
    [{ rows: [{ id: "1", values: { size: "x" }, b: "a huge object" }] }, "rows[0].b", '"a huge object"'],
    [{ pairs: [] }, "pairs", "a list of 0"],
  ])("refuses a definition from JSON with %j", (members, path, received) => {
    expect(templateProblems(members)).toMatchObject([{ code: "invalid-template", path, received }]);
  });

  test("names what is wrong in every row at once", () => {
    const rows = [
      { id: "1", values: {} },
      { id: "2", values: { size: { a: "x" }, colour: 1 } },
      { id: "3", values: { size: "x" } },
    ];
    expect(templateProblems({ rows }).map(({ path }) => path)).toEqual([
      "rows[0].values",
      "rows[1].values",
      "rows[1].values.size.b",
      "rows[1].values.colour",
    ]);
  });

  test("refuses what a file may not say either, naming the set", () => {
    expect(() => definePromptSet({ ...head, pairs: [{ id: "1", a: "", b: "b" }] })).toThrow(
      expect.objectContaining({ code: "empty-side", source: "size" }) as Error,
    );
    expect(() => definePromptSet({ ...head, pairs: [] })).toThrow("size: pairs: there are too few pairs.");
  });
});

/** What is wrong with a templated set that has other members, as it may come from JSON. */
function templateProblems(members: object): readonly PromptsProblem[] {
  const rows = ["tiny", "huge"].map((size) => ({ id: size, values: { size } }));
  const definition: TemplatedPromptSet = { ...head, template: "a {size} object", rows, ...members };
  return problemsOf(() => definePromptSet(definition));
}

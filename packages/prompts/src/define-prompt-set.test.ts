import { describe, expect, test } from "vitest";
import { definePromptSet, type TemplatedPromptSet } from "./define-prompt-set.ts";

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

  test("refuses what a file may not say either, naming the set", () => {
    expect(() => definePromptSet({ ...head, pairs: [{ id: "1", a: "", b: "b" }] })).toThrow(
      expect.objectContaining({ code: "empty-side", source: "size" }) as Error,
    );
    expect(() => definePromptSet({ ...head, pairs: [] })).toThrow("size: pairs: there are too few pairs.");
  });
});

import { expect, test } from "vitest";
import { describeValue, formatJsonPath } from "./json-path.ts";

test.each([
  [[], ""],
  [["pairs", 3, "a", "prompt"], "pairs[3].a.prompt"],
  [["meta", "two words"], 'meta["two words"]'],
])("formatJsonPath(%j) is %j", (path, text) => {
  expect(formatJsonPath(path)).toBe(text);
});

test.each([
  [undefined, "nothing"],
  [null, "null"],
  ["", 'an empty string ("")'],
  ["a\nb", '"a\\nb"'],
  [1.5, "1.5"],
  [true, "true"],
  [[1, 2], "a list of 2"],
  [{}, "an empty object"],
  [{ a: 1, b: 2 }, "an object { a, b }"],
  [() => 0, "a function"],
])("describeValue(%j) is %j", (value, text) => {
  expect(describeValue(value)).toBe(text);
});

test("describeValue shortens a long string without cutting a character in two", () => {
  const described = describeValue("😀".repeat(1_000));
  expect(Array.from(described)).toHaveLength(60);
  expect(described).toMatch(/^"(?:😀)+…$/u);
});

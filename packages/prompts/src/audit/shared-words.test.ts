import fc from "fast-check";
import { expect, test } from "vitest";
import { findSharedWords, listWords } from "./shared-words.ts";

test.each([
  ["a 5 km object", "a 5 mm object", { prefix: 2, suffix: 1, a: "km", b: "mm" }],
  ["one two", "one two", { prefix: 2, suffix: 0, a: "", b: "" }],
  ["a a", "a a a", { prefix: 2, suffix: 0, a: "", b: "a" }],
  ["", "word", { prefix: 0, suffix: 0, a: "", b: "word" }],
])("findSharedWords(%j, %j) is %j", (a, b, shared) => {
  expect(findSharedWords(a, b)).toEqual(shared);
});

test("prefix, rest and suffix together are the text", () => {
  const text = fc.array(fc.constantFrom("a", "b", "c"), { maxLength: 8 }).map((words) => words.join(" "));
  fc.assert(
    fc.property(text, text, (a, b) => {
      const { prefix, suffix, a: rest } = findSharedWords(a, b);
      const words = listWords(a);
      const parts = [...words.slice(0, prefix), ...listWords(rest), ...words.slice(words.length - suffix)];
      expect(parts.join(" ")).toBe(a);
    }),
  );
});

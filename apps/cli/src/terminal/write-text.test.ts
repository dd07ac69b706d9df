import fc from "fast-check";
import { expect, test } from "vitest";
import { escapeControls } from "./write-text.ts";

test.each([
  ["\u001b[2J\u001b]0;title\u0007", "\\u001b[2J\\u001b]0;title\\u0007"],
  ["\u009b31m", "\\u009b31m"],
  ["overwritten\rby this\b\u007f", "overwritten\\u000dby this\\u0008\\u007f"],
  ["run-\u202egpj.exe\u2066", "run-\\u202egpj.exe\\u2066"],
  ["half \ud83d", "half \\ud83d"],
])("escapeControls(%j) shows what a terminal would obey", (text, shown) => {
  expect(escapeControls(text)).toBe(shown);
});

test.each([
  "✓ units.csv\n\t2 of 3\n",
  "جسم \u200f\u200e",
  "日本 🏙️ é",
  "\u00a0\u00ad\u200b\ufeff\ufdd0\u{1fffe}\u2028\u2029\ufffd",
])("escapeControls(%j) leaves text", (text) => {
  expect(escapeControls(text)).toBe(text);
});

test("a JSON document is the same document", () => {
  const edges = Array.from('\n\t\r\b\u001b\u007f\u009b\u202e\u2066"\\é👩 x').concat("\ud800", "\udfff");
  const texts = fc.string({ unit: fc.constantFrom(...edges) });
  fc.assert(
    fc.property(texts, texts, (key, value) => {
      const text = JSON.stringify({ [key]: [value] }, null, 2);
      expect(JSON.parse(escapeControls(text))).toEqual(JSON.parse(text));
    }),
  );
});

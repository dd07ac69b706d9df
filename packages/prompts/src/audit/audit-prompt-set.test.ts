import { describe, expect, test } from "vitest";
import type { PromptPair, PromptSet, PromptSide } from "../prompt-set.ts";
import { auditPromptSet } from "./audit-prompt-set.ts";
import { listWords } from "./shared-words.ts";

const countTokens = (text: string): number => listWords(text).length;

function setOf(...sides: [PromptSide, PromptSide][]): PromptSet {
  const pairs = sides.map(([a, b], index): PromptPair => ({ id: `p${index}`, a, b }));
  return { name: "test", version: "1", title: "Test", labels: { a: "small", b: "large" }, pairs };
}

describe("auditPromptSet", () => {
  test("finds nothing to change in a pair of equal counts and one differing word", () => {
    const audit = auditPromptSet(setOf(["a 5 km object", "a 5 mm object"]), { countTokens });
    expect(audit.pairs).toEqual([
      {
        id: "p0",
        tokens: { a: 4, b: 4, difference: 0 },
        characters: { a: 13, b: 13, difference: 0 },
        sharedWords: { prefix: 2, suffix: 1, a: "km", b: "mm" },
        editDistance: 1,
        verdict: "matched",
        changes: [],
      },
    ]);
    expect(audit.verdicts).toEqual({ matched: 1, identical: 0, change: 0 });
  });

  test("says which side has more tokens, how many, and which words to reword", () => {
    const set = setOf(["a very small grey object", "a large grey object"]);
    expect(auditPromptSet(set, { countTokens }).pairs[0]).toMatchObject({
      tokens: { a: 5, b: 4, difference: -1 },
      verdict: "change",
      changes: [
        'Side a has 1 more token than side b (5 against 4): reword "very small" or "large" until they match.',
      ],
    });
  });

  test("asks for a common frame where fewer than half the words are shared", () => {
    const set = setOf(["a small grey ball", "an enormous white cube"]);
    expect(auditPromptSet(set, { countTokens }).pairs[0]).toMatchObject({
      verdict: "change",
      changes: [expect.stringContaining("share 0 of 4 words")],
    });
  });

  test("calls sides identical only where their images are too", () => {
    const before = { prompt: "a room", images: ["before.png"] };
    const after = { prompt: "a room", images: ["after.png"] };
    const { pairs } = auditPromptSet(setOf(["a room", "a room"], [before, after], [after, after]), {
      countTokens,
    });
    expect(pairs.map(({ verdict }) => verdict)).toEqual(["identical", "matched", "identical"]);
  });

  test("warns where one side is the longer in most pairs", () => {
    const audit = auditPromptSet(setOf(["a b", "a b c"], ["a c", "a b c"]), { countTokens });
    expect(audit.direction.tokens).toMatchObject({ bLonger: 2, imbalance: 1, isOneSided: true });
    expect(audit.changes).toEqual([
      expect.stringContaining(
        "large has more tokens in 2 of the 2 pairs that differ (b − a: 1.0 on average)",
      ),
      expect.stringContaining("large has more characters in 2 of the 2 pairs"),
    ]);
  });

  test("counts the tokens that both sides begin and end with, where it can encode", () => {
    const encode = (text: string): number[] => Array.from(text, (character) => character.codePointAt(0) ?? 0);
    const { pairs } = auditPromptSet(setOf(["a 5 km cup", "a 5 mm cup"]), { countTokens, encode });
    expect(pairs[0]?.sharedTokens).toEqual({ prefix: 4, suffix: 5 });
  });

  test("tells which side has the rarer words, and warns where it is the same in most pairs", () => {
    const wordClass = (word: string): number => (word === "gargantuan" ? 9 : 1);
    const set = setOf(["a big cup", "a gargantuan cup"], ["one big cup", "one gargantuan cup"]);
    const audit = auditPromptSet(set, { countTokens, wordClass });
    expect(audit.pairs[0]?.wordClass?.a).toBe(1);
    expect(audit.pairs[0]?.wordClass?.difference).toBeCloseTo(8 / 3, 12);
    expect(audit.direction.wordClass).toMatchObject({ bLonger: 2, isOneSided: true });
    expect(audit.changes).toContainEqual(
      expect.stringContaining(
        "large has rarer words in 2 of the 2 pairs that differ (b − a: 2.7 on average)",
      ),
    );
    expect(() => auditPromptSet(set, { countTokens, wordClass: () => NaN })).toThrow(
      expect.objectContaining({ code: "invalid-word-class" }) as Error,
    );
  });

  test.each([NaN, 1.5, -1, Infinity])("refuses the token count %d", (count) => {
    expect(() => auditPromptSet(setOf(["a", "b"]), { countTokens: () => count })).toThrow(
      expect.objectContaining({ code: "invalid-token-count" }) as Error,
    );
  });
});

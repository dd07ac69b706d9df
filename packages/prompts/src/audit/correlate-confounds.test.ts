import { describe, expect, test } from "vitest";
import type { PromptSet } from "../prompt-set.ts";
import { auditPromptSet } from "./audit-prompt-set.ts";
import { correlateConfounds } from "./correlate-confounds.ts";
import { listWords } from "./shared-words.ts";

const set: PromptSet = {
  name: "test",
  version: "1",
  title: "Test",
  labels: { a: "small", b: "large" },
  pairs: [
    { id: "one", a: "a tiny cup", b: "a huge cup" },
    { id: "two", a: "a small cup", b: "a very large cup" },
    { id: "three", a: "a quite small cup", b: "a large cup" },
    { id: "four", a: "a little cup", b: "a big cup" },
  ],
};
const countTokens = (text: string): number => listWords(text).length;
const audit = auditPromptSet(set, { countTokens });

describe("correlateConfounds", () => {
  test("correlates every confound that varies, and lists those that do not", () => {
    const { pairs, correlations, constant } = correlateConfounds(audit, Float32Array.of(0, 1, -1, 0));
    expect(pairs).toBe(4);
    expect(correlations.map(({ confound }) => confound)).toEqual([
      "tokenDifference",
      "characterDifference",
      "editDistance",
    ]);
    expect(correlations[0]?.pearson).toBeCloseTo(1, 14);
    expect(correlations[0]?.spearman).toBeCloseTo(1, 14);
    expect(constant).toEqual(["sharedPrefixWords"]);
  });

  test("takes word classes and shared tokens where the audit has them", () => {
    const full = auditPromptSet(set, {
      countTokens,
      encode: (text) => listWords(text).map((word) => word.length),
      wordClass: (word) => word.length,
    });
    const { correlations, constant } = correlateConfounds(full, [1, 2, 3, 5]);
    const names = [...correlations.map(({ confound }) => confound), ...constant];
    expect(names).toEqual(expect.arrayContaining(["wordClassDifference", "sharedPrefixTokens"]));
    expect(names).toHaveLength(6);
  });

  test.each([
    [[1, 2, 3], "3 numbers"],
    [[1, NaN, 2, 3], 'NaN for pair "two"'],
    [[1, 2, 3, -Infinity], '-Infinity for pair "four"'],
    [[2, 2, 2, 2], "2 for every pair"],
  ])("refuses the responses %j", (responses, received) => {
    expect(() => correlateConfounds(audit, responses)).toThrow(
      expect.objectContaining({
        code: "invalid-responses",
        source: "test",
        problems: [expect.objectContaining({ received }) as object],
      }) as Error,
    );
  });
});

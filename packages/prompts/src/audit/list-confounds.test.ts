import { describe, expect, test } from "vitest";
import type { PromptSet } from "../prompt-set.ts";
import { auditPromptSet } from "./audit-prompt-set.ts";
import { listConfounds } from "./list-confounds.ts";
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

describe("listConfounds", () => {
  test("has the values of every confound that varies, and names those that do not", () => {
    const { varying, constant } = listConfounds(audit);
    expect(varying.map(({ confound }) => confound)).toEqual([
      "tokenDifference",
      "characterDifference",
      "editDistance",
    ]);
    expect(varying[0]?.values).toEqual(Float64Array.of(0, 1, -1, 0));
    expect(constant).toEqual(["sharedPrefixWords"]);
  });

  test("takes word classes and shared tokens if the audit has them", () => {
    const full = auditPromptSet(set, {
      countTokens,
      encode: (text) => listWords(text).map((word) => word.length),
      wordClass: (word) => word.length,
    });
    const { varying, constant } = listConfounds(full);
    const names = [...varying.map(({ confound }) => confound), ...constant];
    expect(names).toEqual(expect.arrayContaining(["wordClassDifference", "sharedPrefixTokens"]));
    expect(names).toHaveLength(6);
  });
});

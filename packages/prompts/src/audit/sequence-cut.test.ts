import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { PromptSet, PromptSide } from "../prompt-set.ts";
import { auditPromptSet } from "./audit-prompt-set.ts";

const countTokens = (text: string): number => text.length;
/** One token a character, between those of a chat template. */
const encode = (text: string): number[] => Array.from(`<${text}>`, (character) => character.charCodeAt(0));

function setOf(...sides: [PromptSide, PromptSide][]): PromptSet {
  const pairs = sides.map(([a, b], index) => ({ id: `p${index}`, a, b }));
  return { name: "test", version: "1", title: "Test", labels: { a: "small", b: "large" }, pairs };
}
const audit = (set: PromptSet, length: number): ReturnType<typeof auditPromptSet> =>
  auditPromptSet(set, { countTokens, sequence: { length, encode } });

describe("auditPromptSet with a token sequence", () => {
  test("counts the prompts that are cut, template included, and the tokens that the longest needs", () => {
    const { cut, pairs } = audit(setOf(["abc", "abd"], ["abcdefg", "x"]), 6);
    expect(cut).toEqual({ length: 6, prompts: 1, longest: 9, alike: [] });
    expect(pairs.map((pair) => pair.cut)).toEqual([
      { a: 5, b: 5, alike: false },
      { a: 9, b: 3, alike: false },
    ]);
    expect(pairs[1]?.changes).toContain(
      "Side a needs 9 tokens with its chat template and is cut after 6: shorten it, or read more tokens.",
    );
  });

  test("names the pairs of which the same tokens are read on both sides", () => {
    const { cut, pairs } = audit(setOf(["a red cat", "a red dog"], ["one cat", "two cats"]), 7);
    expect(cut?.alike).toEqual(["p0"]);
    expect(pairs[0]).toMatchObject({ verdict: "change", cut: { alike: true } });
  });

  test("takes texts that are encoded alike for one, cut or not", () => {
    const composed = { length: 99, encode: (text: string) => encode(text.normalize("NFC")) };
    const set = setOf(["caf\u00e9", "cafe\u0301"]);
    expect(auditPromptSet(set, { countTokens, sequence: composed }).cut).toMatchObject({
      prompts: 0,
      alike: ["p0"],
    });
  });

  test("leaves pairs alone whose sides are equal by design, or have other images", () => {
    const [a, b] = [1, 2].map((image) => ({ prompt: `see the object ${image}`, images: [`${image}.png`] }));
    const set = setOf(["the same", "the same"], [a ?? "", b ?? ""]);
    const { cut, pairs } = audit(set, 4);
    expect(cut).toMatchObject({ prompts: 4, alike: [] });
    expect(pairs[0]).toMatchObject({ verdict: "identical", changes: [] });
  });

  test("a sequence as long as the longest prompt cuts none, and leaves every pair its contrast", () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.string(), fc.string()), { minLength: 2, maxLength: 5 }), (sides) => {
        const set = setOf(...sides);
        const longest = audit(set, 1).cut?.longest ?? 0;
        expect(audit(set, longest).cut).toMatchObject({ prompts: 0, alike: [] });
        expect(audit(set, longest - 1).cut?.prompts).toBeGreaterThan(0);
      }),
    );
  });

  test.each([0, 1.5, NaN])("refuses a length of %s", (length) => {
    expect(() => audit(setOf(["a", "b"]), length)).toThrow(/sequence\.length.*a whole number from 1/);
  });
});

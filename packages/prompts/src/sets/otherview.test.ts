import { describe, expect, test } from "vitest";
import { encodeQwen3 } from "../../test/qwen3-tokens.ts";
import { auditPromptSet } from "../audit/audit-prompt-set.ts";
import { loadPromptSet } from "../load-prompt-set.ts";
import { listReferences, promptText } from "../prompt-set.ts";

const otherview = await loadPromptSet("otherview");
const presence = await loadPromptSet("presence");
const creatures = otherview.pairs.map(({ meta }) => String(meta?.["creature"]));
const countTokens = (text: string): number => encodeQwen3(text).length;

describe("the otherview set", () => {
  test("has 30 creatures, each once, from an adult human to a bacterium", () => {
    expect(new Set(creatures).size).toBe(30);
    expect(creatures.at(0)).toBe("an adult human");
    expect(creatures.at(-1)).toBe("a bacterium");
  });

  test("has the grades 0 to 9 in ascending order, three creatures each", () => {
    const grades = otherview.pairs.map(({ grade }) => grade);
    expect(grades).toEqual(Array.from({ length: 30 }, (_, index) => Math.floor(index / 3)));
  });

  test("sets the creature in the kitchen against the kitchen from its viewpoint", () => {
    expect(otherview.labels).toEqual({ a: "presence", b: "viewpoint" });
    for (const [index, { a, b }] of otherview.pairs.entries()) {
      expect(a).toBe(`Render this kitchen with the inclusion of ${creatures[index] ?? ""}.`);
      expect(b).toBe(`Render this kitchen from the viewpoint of ${creatures[index] ?? ""}.`);
    }
  });

  test("says by which sense every creature is graded", () => {
    for (const { id, meta } of otherview.pairs) {
      expect(meta?.["sense"], id).toEqual(expect.stringMatching(/\S/));
    }
  });

  test("renders one reference, a kitchen without anybody, in 14 steps at guidance 4 and 1024 × 1024", () => {
    expect(listReferences(otherview)).toEqual([
      {
        prompt: expect.stringMatching(/^A neutral kitchen.*no people and no animals\.$/) as string,
        seed: 0,
        steps: 14,
        guidance: 4,
        width: 1024,
        height: 1024,
      },
    ]);
  });
});

describe("the presence control of otherview", () => {
  const audit = auditPromptSet(presence, { countTokens });

  test("is named by otherview with what it is for", () => {
    expect(otherview.controls).toEqual([
      {
        set: presence.name,
        differs: expect.stringMatching(/^in wording alone/) as string,
        rulesOut: expect.stringMatching(/viewpoint/) as string,
      },
    ]);
  });

  test("has the ids of otherview, its reference and its side a; side b words the same presence otherwise", () => {
    expect(presence.reference).toEqual(otherview.reference);
    expect(presence.pairs.map(({ id, a, b }) => ({ id, a, b }))).toEqual(
      otherview.pairs.map(({ id, a }, index) => ({
        id,
        a,
        b: `Render this kitchen in the presence of ${creatures[index] ?? ""}.`,
      })),
    );
  });

  test("is matched under Qwen3's tokenizer in 30 of 30 pairs, and has otherview's number of tokens", () => {
    expect(audit.verdicts).toEqual({ matched: 30, identical: 0, change: 0 });
    for (const [index, { b }] of presence.pairs.entries())
      expect(countTokens(promptText(b))).toBe(countTokens(promptText(otherview.pairs[index]?.b ?? "")));
  });
});

describe("the otherview set under Qwen3's tokenizer", () => {
  test("has equal token counts in 30 of 30 pairs, and is matched by its own audit", () => {
    const audit = auditPromptSet(otherview, { countTokens });
    expect(audit.pairs.filter(({ tokens }) => tokens.difference === 0)).toHaveLength(30);
    expect(audit.verdicts).toEqual({ matched: 30, identical: 0, change: 0 });
    expect(audit.changes).toEqual([]);
  });

  test("differs in two tokens, and has the creature at the same positions in both sides", () => {
    for (const { id, a, b } of otherview.pairs) {
      const from = encodeQwen3(promptText(a));
      const to = encodeQwen3(promptText(b));
      const differing = from.flatMap((token, index) => (token === to[index] ? [] : [index]));
      expect(differing, id).toEqual([3, 5]);
    }
  });

  test("has creatures of two or three tokens, one excepted, whose length does not follow the grade", () => {
    const lengths = creatures.map((creature) => countTokens(` ${creature}`));
    expect(lengths.filter((length) => length > 3)).toEqual([5]);
    const meanLength = (first: number, last: number): number =>
      lengths.slice(first, last).reduce((sum, length) => sum + length, 0) / (last - first);
    expect(Math.abs(meanLength(0, 15) - meanLength(15, 30))).toBeLessThan(0.25);
  });
});

import { describe, expect, test } from "vitest";
import { encodeQwen3 } from "../../test/qwen3-tokens.ts";
import { readMetres } from "../../test/read-metres.ts";
import { auditPromptSet } from "../audit/audit-prompt-set.ts";
import { findSharedWords } from "../audit/shared-words.ts";
import { loadPromptSet } from "../load-prompt-set.ts";
import { promptText, type PromptSet } from "../prompt-set.ts";

const countTokens = (text: string): number => encodeQwen3(text).length;
const measure = await loadPromptSet("measure");
const paraphrase = await loadPromptSet("paraphrase");
const attribute = await loadPromptSet("attribute");
const number = await loadPromptSet("number");

/** The texts of a control's pair beside those of the pair of `measure` that it is matched to. */
function matchedPairs(control: PromptSet) {
  return control.pairs.map(({ id, a, b, meta }, index) => {
    const original = measure.pairs[index];
    if (original === undefined) throw new Error(`measure has no pair ${index}`);
    return {
      id,
      a: promptText(a),
      b: promptText(b),
      meta,
      measureA: promptText(original.a),
      measureB: promptText(original.b),
      measureMetres: numbersOf(original.meta?.["metres"]),
    };
  });
}

describe.each([
  ["paraphrase", paraphrase],
  ["attribute", attribute],
  ["number", number],
])("the %s control", (_, control) => {
  test("has the ids of measure in their order, and its reference", () => {
    expect(control.pairs.map(({ id }) => id)).toEqual(measure.pairs.map(({ id }) => id));
    expect(control.reference).toEqual(measure.reference);
  });

  test("says object exactly once in both sides, outside of what differs", () => {
    for (const { id, a, b } of matchedPairs(control)) {
      expect(a.match(/\bobject\b/g), id).toHaveLength(1);
      expect(b.match(/\bobject\b/g), id).toHaveLength(1);
      const differing = findSharedWords(a, b);
      expect(`${differing.a} ${differing.b}`, id).not.toContain("object");
    }
  });

  test("differs in one span of words; the words at both ends are those of measure", () => {
    for (const { id, a, b, measureA, measureB } of matchedPairs(control)) {
      const shared = findSharedWords(a, b);
      expect(shared.a, id).not.toBe("");
      expect(shared.b, id).not.toBe("");
      for (const text of [a, b]) {
        for (const original of [measureA, measureB]) {
          const { prefix, suffix } = findSharedWords(text.replaceAll(",", ""), original.replaceAll(",", ""));
          expect(prefix + suffix, id).toBeGreaterThanOrEqual(5);
        }
      }
    }
  });

  test("is matched in every pair under Qwen3's tokenizer, and balanced in length, by its own audit", () => {
    const audit = auditPromptSet(control, { countTokens });
    expect(audit.verdicts).toEqual({ matched: 25, identical: 0, change: 0 });
    expect(audit.pairs.filter(({ tokens }) => tokens.difference === 0)).toHaveLength(25);
    expect(audit.changes).toEqual([]);
    expect(Math.abs(audit.direction.characters.imbalance)).toBeLessThanOrEqual(0.2);
  });
});

test.each([
  ["paraphrase", paraphrase, 25],
  ["attribute", attribute, 25],
  ["number", number, 24],
])("%s has as many tokens as measure in every pair but those counted here", (_, control, equal) => {
  const pairs = matchedPairs(control);
  const counts = pairs.filter(({ a, measureA }) => countTokens(a) === countTokens(measureA));
  expect(counts).toHaveLength(equal);
  for (const { id, a, measureA } of pairs) {
    expect(Math.abs(countTokens(a) - countTokens(measureA)), id).toBeLessThanOrEqual(1);
  }
});

describe("the paraphrase control", () => {
  const pairs = matchedPairs(paraphrase).map((pair) => {
    const isSmall = pair.meta?.["scale"] === "small";
    const isMeasureFirst = pair.meta?.["measure"] === "a";
    const original = isSmall ? pair.measureA : pair.measureB;
    return { ...pair, isSmall, isMeasureFirst, original, metres: numbersOf(pair.meta?.["metres"]) };
  });

  test("holds the wording of measure on the side that meta.measure names, and another on the other", () => {
    for (const { id, a, b, isMeasureFirst, original } of pairs) {
      expect(isMeasureFirst ? a : b, id).toBe(original);
      expect(isMeasureFirst ? b : a, id).not.toBe(original);
    }
  });

  test("claims one size on both sides, within half a percent, that of measure", () => {
    for (const { id, metres, isSmall, measureMetres } of pairs) {
      const claimed = measureMetres[isSmall ? 0 : 1] ?? NaN;
      for (const value of metres) expect(Math.abs(value / claimed - 1), id).toBeLessThan(0.005);
    }
  });

  test("records the metres that the words say, wherever they state a length", () => {
    for (const { id, a, b, metres } of pairs) {
      expect((metres[0] ?? NaN) / (readMetres(a) ?? metres[0] ?? NaN), id).toBeCloseTo(1, 9);
      expect((metres[1] ?? NaN) / (readMetres(b) ?? metres[1] ?? NaN), id).toBeCloseTo(1, 9);
    }
  });

  test("is small in 13 pairs and large in 12, and has the wording of measure on either side equally often", () => {
    const count = (small: boolean, first: boolean): number =>
      pairs.filter(({ isSmall, isMeasureFirst }) => isSmall === small && isMeasureFirst === first).length;
    expect([count(true, true), count(true, false), count(false, true), count(false, false)]).toEqual([
      7, 6, 6, 6,
    ]);
  });
});

describe("the attribute control", () => {
  test("states no length, and keeps the words that differ free of those of measure", () => {
    for (const { id, a, b, measureA, measureB } of matchedPairs(attribute)) {
      expect(readMetres(a), id).toBeUndefined();
      expect(readMetres(b), id).toBeUndefined();
      const claims = findSharedWords(measureA, measureB);
      const magnitudes = piecesOf(`${claims.a} ${claims.b}`).filter((word) => !FUNCTION_WORDS.has(word));
      const { a: soft, b: hard } = findSharedWords(a, b);
      for (const word of piecesOf(`${soft} ${hard}`)) expect(magnitudes, id).not.toContain(word);
    }
  });

  test("compares where measure compares: soft for small, hard for large", () => {
    const ids = ["red-blood-cell-inland-sea", "sand-peak", "hair-planet", "molecule-mountain", "atom-star"];
    for (const { id, a, b } of matchedPairs(attribute).filter((pair) => ids.includes(pair.id))) {
      expect(a, id).toMatch(/\b(softer|no harder|as soft)\b/);
      expect(b, id).toMatch(/\b(harder|no softer|as hard)\b/);
    }
  });
});

describe("the number control", () => {
  test("keeps every numeral of measure, and adds no word to what differs but brand", () => {
    for (const { id, a, b, measureA, measureB } of matchedPairs(number)) {
      expect(numeralsOf(a), id).toEqual(numeralsOf(measureA));
      expect(numeralsOf(b), id).toEqual(numeralsOf(measureB));
      const { a: small, b: large } = findSharedWords(a, b);
      const others = (text: string): string[] => piecesOf(text).filter((word) => word !== "brand");
      expect(piecesOf(measureA), id).toEqual(expect.arrayContaining(others(small)));
      expect(piecesOf(measureB), id).toEqual(expect.arrayContaining(others(large)));
    }
  });

  test("calls them a name or an entry, and has no word of extent", () => {
    for (const { id, a, b } of matchedPairs(number)) {
      for (const text of [a, b]) {
        expect(text, id).toMatch(/\b(entry|named|brand)\b/);
        expect(text, id).not.toMatch(
          /\b(wide|widest|width|tall|tallest|thick|high|height|long|across|diameter|size|sized|scale|dimensions|bigger|smaller|larger|less|more|measuring)\b/,
        );
      }
    }
  });
});

const FUNCTION_WORDS: ReadonlySet<string> = new Set(["a", "as", "of", "one", "than", "the"]);

/** Numerals and words, so that "50-micrometer-wide" is three. */
function piecesOf(text: string): string[] {
  return text.toLowerCase().match(/\d[\d.,]*|\p{L}+/gu) ?? [];
}

function numeralsOf(text: string): string[] {
  return text.match(/\d[\d.,]*\d|\d/g) ?? [];
}

function numbersOf(value: unknown): number[] {
  return Array.isArray(value) ? value.map(Number) : [];
}

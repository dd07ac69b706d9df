import { beforeAll, describe, expect, test } from "vitest";
import { chatText, encodeQwen3 } from "../../test/qwen3-tokens.ts";
import { auditPromptSet } from "../audit/audit-prompt-set.ts";
import { findSharedWords, listWords } from "../audit/shared-words.ts";
import { loadPromptSet } from "../load-prompt-set.ts";
import { listReferences, promptText, type PromptSet } from "../prompt-set.ts";
import { requireGrades } from "../required-parts.ts";
import { readMetres } from "../../test/read-metres.ts";

let measure: PromptSet;
let pairs: {
  id: string;
  grade: number | undefined;
  a: string;
  b: string;
  metres: [number, number];
  basis: unknown;
}[];

beforeAll(async () => {
  measure = await loadPromptSet("measure");
  pairs = measure.pairs.map(({ id, a, b, grade, meta }) => ({
    id,
    grade,
    a: promptText(a),
    b: promptText(b),
    metres: toMetres(meta?.["metres"]),
    basis: meta?.["basis"],
  }));
});

describe("the measure set", () => {
  test("has 25 pairs, named small and large", () => {
    expect(measure.pairs).toHaveLength(25);
    expect(measure.labels).toEqual({ a: "small", b: "large" });
  });

  test("renders its one reference in 14 steps at guidance 4 and 1024 × 1024", () => {
    expect(listReferences(measure)).toEqual([
      {
        prompt: expect.stringMatching(
          /neutral matte rounded grey object.*neutral grey background.*no other object.*even light.*no horizon/,
        ) as string,
        seed: 0,
        steps: 14,
        guidance: 4,
        width: 1024,
        height: 1024,
      },
    ]);
  });

  test("says object exactly once in both sides of every pair", () => {
    for (const { a, b } of pairs) {
      expect(a.match(/\bobject\b/g), a).toHaveLength(1);
      expect(b.match(/\bobject\b/g), b).toHaveLength(1);
    }
  });

  test("keeps object out of what differs, and grey in what is shared, or the background plain", () => {
    for (const { a, b } of pairs) {
      const { a: small, b: large } = findSharedWords(a, b);
      expect(small).not.toContain("object");
      expect(large).not.toContain("object");
      expect(a).toMatch(/\bgrey\b|\bbackground\b/);
    }
  });

  test("differs in one contiguous span of words, with words of the frame on at least one side of it", () => {
    for (const { id, a, b } of pairs) {
      const shared = findSharedWords(a, b);
      expect(shared.a, id).not.toBe("");
      expect(shared.b, id).not.toBe("");
      expect(shared.prefix + shared.suffix, id).toBeGreaterThanOrEqual(listWords(a).length / 2);
    }
  });

  test("has no frame twice, and no two frames that share three quarters of their words", () => {
    const frames = pairs.map(({ id, a, b }) => ({ id, words: frameWords(a, b) }));
    for (const [index, frame] of frames.entries()) {
      for (const other of frames.slice(index + 1)) {
        const common = [...frame.words].filter((word) => other.words.has(word)).length;
        const union = new Set([...frame.words, ...other.words]).size;
        expect(common / union, `${frame.id} and ${other.id}`).toBeLessThan(0.75);
      }
    }
  });

  test("claims at most 0.1 mm on the small side and at least 1 km on the large side", () => {
    for (const { id, metres } of pairs) {
      expect(metres[0], id).toBeGreaterThan(0);
      expect(metres[0], id).toBeLessThanOrEqual(1e-4);
      expect(metres[1], id).toBeGreaterThanOrEqual(1e3);
      expect(metres[1] / metres[0], id).toBeGreaterThanOrEqual(1_000);
    }
  });

  test("grades each pair by how many powers of ten its sizes are apart, to six decimals", () => {
    for (const { id, metres, grade } of pairs)
      expect(grade, id).toBe(Number(Math.log10(metres[1] / metres[0]).toFixed(6)));
    expect(requireGrades(measure)).toHaveLength(25);
  });

  test("records the metres that the words say, wherever they state a length", () => {
    for (const { id, a, b, metres } of pairs) {
      expect(metres[0] / (readMetres(a) ?? metres[0]), id).toBeCloseTo(1, 9);
      expect(metres[1] / (readMetres(b) ?? metres[1]), id).toBeCloseTo(1, 9);
    }
  });

  test("says what a size is based on exactly where the words state no length", () => {
    for (const { id, a, b, basis } of pairs) {
      const isStated = readMetres(a) !== undefined && readMetres(b) !== undefined;
      const isExplained = Array.isArray(basis) && basis.length === 2 && basis.every((text) => text !== "");
      expect(isExplained, id).toBe(!isStated);
    }
    expect(pairs.filter(({ basis }) => basis === undefined)).toHaveLength(14);
  });

  test("spells units one way: meter, not metre", () => {
    for (const { a, b } of pairs) expect(`${a} ${b}`).not.toMatch(/metre|µm|gray/);
  });
});

describe("the measure set under Qwen3's tokenizer", () => {
  test("has equal token counts in 25 of 25 pairs", () => {
    const audit = auditPromptSet(measure, { countTokens: (text) => encodeQwen3(text).length });
    expect(audit.pairs.filter(({ tokens }) => tokens.difference === 0)).toHaveLength(25);
  });

  test("is matched in every pair and balanced in length, by its own audit", () => {
    const audit = auditPromptSet(measure, { countTokens: (text) => encodeQwen3(text).length });
    expect(audit.verdicts).toEqual({ matched: 25, identical: 0, change: 0 });
    expect(audit.changes).toEqual([]);
    expect(audit.direction.characters.imbalance).toBe(0);
    expect(Math.abs(audit.direction.characters.meanDifference)).toBeLessThan(0.5);
  });

  test("has the shared words at the same token positions in both sides", () => {
    for (const { id, a, b } of pairs) {
      const { prefix, suffix } = findSharedWords(a, b);
      const head = encodeQwen3(listWords(a).slice(0, prefix).join(" "));
      const tail = encodeQwen3(suffix === 0 ? "" : ` ${listWords(a).slice(-suffix).join(" ")}`);
      for (const ids of [encodeQwen3(a), encodeQwen3(b)]) {
        expect(ids.slice(0, head.length), id).toEqual(head);
        expect(ids.slice(ids.length - tail.length), id).toEqual(tail);
      }
    }
  });

  test("has the same counts inside the chat text that the model sees", () => {
    const frame = encodeQwen3(chatText("")).length;
    for (const { a, b } of pairs) {
      expect(encodeQwen3(chatText(a)).length - frame).toBe(encodeQwen3(a).length);
      expect(encodeQwen3(chatText(b)).length - frame).toBe(encodeQwen3(b).length);
    }
  });

  test("is counted with the ids that Qwen's own tokenizer gives", () => {
    // Ids of the published vocabulary (151,643 tokens, then the special ones).
    expect(encodeQwen3("<|im_start|>user\nHello, world!<|im_end|>")).toEqual([
      151644, 872, 198, 9707, 11, 1879, 0, 151645,
    ]);
  });
});

function toMetres(value: unknown): [number, number] {
  if (!Array.isArray(value) || value.length !== 2) throw new Error("meta.metres is not a pair");
  const [small, large] = value.map(Number);
  return [small ?? NaN, large ?? NaN];
}

function frameWords(a: string, b: string): Set<string> {
  const { prefix, suffix } = findSharedWords(a, b);
  const words = listWords(a.toLowerCase().replaceAll(/[.,]/g, ""));
  return new Set([...words.slice(0, prefix), ...words.slice(words.length - suffix)]);
}

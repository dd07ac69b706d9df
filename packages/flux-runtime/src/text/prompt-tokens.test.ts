import { fileURLToPath } from "node:url";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { findPromptTokens } from "./prompt-tokens.ts";
import { createTokenizer } from "./tokenizer.ts";

const folder = fileURLToPath(new URL("../../test/fixtures/klein-tiny/checkpoint/tokenizer", import.meta.url));
const tokenizer = await createTokenizer(folder);
const S = 128;

describe("promptTokens of an encoded prompt", () => {
  const partsOf = (prompt: string): { own: number[]; rest: number[] } => {
    const { inputIds, tokenCount, promptTokens } = tokenizer.encode(prompt, { maxSequenceLength: S });
    const ids = [...inputIds].map(Number).slice(0, tokenCount);
    const [start, stop] = promptTokens;
    return { own: ids.slice(start, stop), rest: [...ids.slice(0, start), ...ids.slice(stop)] };
  };
  const template = partsOf("").rest;

  it("are the tokens of the user's words, and the others are the chat template's", () => {
    for (const prompt of [
      "a 1-millimeter object on a grey background",
      "user",
      "a",
      "😀",
      "assistant\nuser",
    ]) {
      expect(partsOf(prompt)).toEqual({ own: tokenizer.encodeText(prompt), rest: template });
    }
  });

  it("are none for an empty prompt", () => {
    const { tokenCount, promptTokens } = tokenizer.encode("", { maxSequenceLength: S });
    expect(promptTokens[0]).toBe(promptTokens[1]);
    expect(template).toHaveLength(tokenCount);
  });

  it("have those that join the prompt's characters with the template's", () => {
    const [before, after] = [partsOf("a"), partsOf("\n\na")];
    expect(after.rest.length).toBe(before.rest.length - 1); // the line break before the prompt
    expect(after.own.length).toBeGreaterThan(before.own.length);
  });

  it("take special tokens that the prompt spells", () => {
    expect(partsOf("<|im_end|>").own).toHaveLength(1);
    expect(partsOf("x<|im_end|>\n<|im_start|>assistant\n").rest).toEqual(template);
  });

  it("end where the sequence is cut", () => {
    const whole = tokenizer.encode("an object larger than a skyscraper", { maxSequenceLength: S });
    const [start, stop] = whole.promptTokens;
    const cut = (maxSequenceLength: number): readonly number[] =>
      tokenizer.encode("an object larger than a skyscraper", { maxSequenceLength }).promptTokens;
    expect(cut(stop - 1)).toEqual([start, stop - 1]);
    expect(cut(1)).toEqual([1, 1]);
  });

  it("lie within the text, whatever the prompt", () => {
    fc.assert(
      fc.property(fc.string({ unit: "grapheme", maxLength: 30 }), (prompt) => {
        const { tokenCount, promptTokens } = tokenizer.encode(prompt, { maxSequenceLength: S });
        const [start, stop] = promptTokens;
        expect(0 <= start && start <= stop && stop <= tokenCount).toBe(true);
        expect(stop - start).toBeLessThanOrEqual(Math.max(1, 4 * new TextEncoder().encode(prompt).length));
      }),
      { numRuns: 100 },
    );
  });
});

describe("findPromptTokens(ids, template)", () => {
  it("finds none where the template leaves the prompt out", () => {
    expect(findPromptTokens([1, 2, 3], { before: [1, 2, 3], after: [] })).toEqual([3, 3]);
  });
  it("counts no token of the template twice", () => {
    expect(findPromptTokens([7, 7], { before: [7], after: [7, 7] })).toEqual([1, 1]);
  });
});

import { copyFile, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { createTokenizer } from "./tokenizer.ts";

const fixtures = fileURLToPath(new URL("../../test/fixtures/klein-tiny", import.meta.url));
const published = join(fixtures, "checkpoint", "tokenizer");

/** Recorded from transformers 5 through diffusers 0.40.0.dev0. */
const expected = JSON.parse(await readFile(join(fixtures, "expected.json"), "utf8")) as {
  readonly prompts: readonly string[];
  readonly chat_text: readonly string[];
  readonly input_ids: readonly (readonly number[])[];
  readonly token_count: readonly number[];
};
const tokenizer = await createTokenizer(published);
const ids = (prompt: string): number[] => {
  const { inputIds, tokenCount } = tokenizer.encode(prompt, { maxSequenceLength: 512 });
  return [...inputIds.slice(0, tokenCount)].map(Number);
};

/** The ids of this vocabulary, by name. */
const [END_OF_TEXT, IM_START, IM_END, THINK] = [956, 957, 958, 980];

describe("createTokenizer(folder)", () => {
  it.each(expected.prompts.map((prompt, k) => ({ prompt, k })))(
    "equals the reference: $prompt",
    ({ prompt, k }) => {
      expect(tokenizer.chatText(prompt)).toBe(expected.chat_text[k]);
      const encoded = tokenizer.encode(prompt, { maxSequenceLength: 512 });
      expect([...encoded.inputIds].map(Number)).toEqual(expected.input_ids[k]);
      expect(encoded.tokenCount).toBe(expected.token_count[k]);
      expect(encoded.truncated).toBe(false);
    },
  );

  it("pads on the right with the pad token and masks the padding", () => {
    const { inputIds, attentionMask, tokenCount } = tokenizer.encode("", { maxSequenceLength: 16 });
    expect(tokenCount).toBe(14);
    expect([...inputIds.slice(14)].map(Number)).toEqual([END_OF_TEXT, END_OF_TEXT]);
    expect([...attentionMask]).toEqual([...Array<number>(14).fill(1), 0, 0]);
  });

  it("cuts on the right, and says so", () => {
    const whole = ids("an object larger than a skyscraper");
    const cut = tokenizer.encode("an object larger than a skyscraper", { maxSequenceLength: 8 });
    expect([...cut.inputIds].map(Number)).toEqual(whole.slice(0, 8));
    expect(cut).toMatchObject({ tokenCount: 8, truncated: true });
    expect([...cut.attentionMask]).toEqual(Array<number>(8).fill(1));
    const exact = tokenizer.encode("an object larger than a skyscraper", { maxSequenceLength: whole.length });
    expect(exact.truncated).toBe(false);
  });

  it("takes a very long prompt, of many words or of one", () => {
    for (const prompt of ["word ".repeat(20_000), "a".repeat(50_000), "😀".repeat(5_000)]) {
      const { tokenCount, truncated } = tokenizer.encode(prompt, { maxSequenceLength: 512 });
      expect({ tokenCount, truncated }).toEqual({ tokenCount: 512, truncated: true });
    }
  });

  it("reads special tokens inside a prompt as such", () => {
    const plain = ids("");
    const withToken = ids("<|im_end|>");
    expect(withToken.filter((id) => id === IM_END).length).toBe(2);
    expect(withToken.length).toBe(plain.length + 1);
    expect(ids("<think>").filter((id) => id === THINK).length).toBe(2);
    expect(ids("<|im_start").filter((id) => id === IM_START).length).toBe(2);
  });

  it("gives emoji and scripts outside the vocabulary as bytes, none unknown", () => {
    const family = "👩‍👩‍👧"; // three emoji with joiners, 18 bytes
    expect(tokenizer.countTokens(family)).toBeGreaterThan(3);
    expect(tokenizer.countTokens(family)).toBeLessThanOrEqual(18);
  });

  it("composes accents before it splits: both spellings of é are one text", () => {
    expect(ids("cafe\u0301")).toEqual(ids("caf\u00e9"));
  });

  it("treats the same characters as white space as the reference's pattern: U+0085, not U+FEFF", () => {
    // Two spaces are one token where they stay together: a run of white space is one piece, and gives its last space
    // to a piece of other characters.
    expect(tokenizer.countTokens("  ")).toBe(1);
    expect(tokenizer.countTokens("  \u0085")).toBe(1 + 2);
    expect(tokenizer.countTokens("  \ufeff")).toBe(1 + 1 + 3);
  });

  it("counts the tokens of a text alone", () => {
    expect(tokenizer.countTokens("")).toBe(0);
    expect(tokenizer.countTokens("a 1-millimeter object on a grey background")).toBe(
      (expected.token_count[0] ?? 0) - (expected.token_count[4] ?? 0),
    );
  });

  it("encodes a text alone as it stands in the middle of its chat template", () => {
    const text = "a 1-millimeter object on a grey background";
    const encoded = tokenizer.encodeText(text);
    expect(encoded).toHaveLength(tokenizer.countTokens(text));
    const [before, after] = [ids("x"), ids("y")];
    const place = before.findIndex((id, index) => id !== after[index]);
    expect(ids(text).slice(place, place + encoded.length)).toEqual(encoded);
    expect(tokenizer.encodeText("")).toEqual([]);
    expect(() => tokenizer.encodeText("\ud83d")).toThrow(/lone surrogate/);
  });

  it("refuses half a character, and lengths that are no positive integer", () => {
    expect(() => tokenizer.chatText("ab\ud83d")).toThrow(/lone surrogate\) at position 2/);
    expect(() => tokenizer.countTokens("\ude00")).toThrow(/lone surrogate/);
    for (const maxSequenceLength of [0, -1, 1.5, NaN]) {
      expect(() => tokenizer.encode("", { maxSequenceLength })).toThrow(/must be a positive integer/);
    }
  });
});

describe("createTokenizer(folder) of another folder", () => {
  let folder: string;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), "tokenizer-"));
    await copyFile(join(published, "tokenizer.json"), join(folder, "tokenizer.json"));
  });
  afterEach(() => rm(folder, { recursive: true }));

  const writeConfig = (config: unknown): Promise<void> =>
    writeFile(join(folder, "tokenizer_config.json"), JSON.stringify(config));
  const base = { pad_token: "<|endoftext|>", chat_template: "own {{ messages[0].content }}" };
  const chat = async (): Promise<string> => (await createTokenizer(folder)).chatText("p");

  it("prefers chat_template.jinja to the configuration's template", async () => {
    await writeConfig(base);
    expect(await chat()).toBe("own p");
    await writeFile(join(folder, "chat_template.jinja"), "file {{ messages[0].content }}");
    expect(await chat()).toBe("file p");
  });

  it("takes the template called default of several", async () => {
    const templates = [
      { name: "tool_use", template: "tools" },
      { name: "default", template: "default {{ messages[0].content }}" },
    ];
    await writeConfig({ ...base, chat_template: templates });
    expect(await chat()).toBe("default p");
  });

  it("takes tokens that are written as objects", async () => {
    await writeConfig({ ...base, pad_token: { content: "<|im_end|>", special: true } });
    const { inputIds } = (await createTokenizer(folder)).encode("", { maxSequenceLength: 8 });
    expect(inputIds.at(-1)).toBe(BigInt(IM_END));
  });

  it.each([
    ["no pad token", { ...base, pad_token: null }, "invalid-tokenizer", /names no pad_token/],
    [
      "a pad token outside the vocabulary",
      { ...base, pad_token: "<pad>" },
      "invalid-tokenizer",
      /"<pad>".*not in/,
    ],
    ["no chat template", { pad_token: base.pad_token }, "invalid-tokenizer", /no chat template/],
    ["padding on the left", { ...base, padding_side: "left" }, "invalid-tokenizer", /padding_side/],
    [
      "special tokens that are split",
      { ...base, split_special_tokens: true },
      "invalid-tokenizer",
      /split_special/,
    ],
  ])("refuses %s", async (_title, config, code, message) => {
    await writeConfig(config);
    const failure = createTokenizer(folder);
    await expect(failure).rejects.toMatchObject({ code });
    await expect(failure).rejects.toThrow(message);
  });

  it("refuses a folder without tokenizer files, naming the file", async () => {
    await expect(createTokenizer(folder)).rejects.toThrow(/tokenizer_config.json/);
    await rm(join(folder, "tokenizer.json"));
    await expect(createTokenizer(folder)).rejects.toThrow(/tokenizer.json cannot be read/);
  });

  it("refuses a tokenizer.json that is none", async () => {
    await writeConfig(base);
    await writeFile(join(folder, "tokenizer.json"), "{}");
    await expect(createTokenizer(folder)).rejects.toThrow(/at model/);
    await writeFile(join(folder, "tokenizer.json"), `{"model":{},"added_tokens":[]}`);
    await expect(createTokenizer(folder)).rejects.toMatchObject({ code: "invalid-tokenizer" });
  });
});

import { join } from "node:path";
import type { Tokenizer as VocabularyTokenizer } from "@huggingface/tokenizers";
import { z } from "zod";
import { FluxRuntimeError } from "../errors.ts";
import { createChatTemplate } from "./chat-template.ts";
import { findPromptTokens, templateTokens, type TemplateTokens } from "./prompt-tokens.ts";
import { readTokenizerFile } from "./read-tokenizer-file.ts";
import { readTokenizerConfig } from "./tokenizer-config.ts";

/** How long the token sequence of a prompt is. */
export interface EncodePromptOptions {
  /** Shorter prompts are padded to it, longer ones are cut. */
  readonly maxSequenceLength: number;
}

/** The tokens of a prompt in its chat template, padded to S = maxSequenceLength. */
export interface EncodedPrompt {
  /** [S] token ids, padding on the right. */
  readonly inputIds: BigInt64Array;
  /** [S] 1 for a token of the text, 0 for padding. */
  readonly attentionMask: Uint8Array;
  /** Tokens of the text, template included, without padding; at most S. */
  readonly tokenCount: number;
  /** Which of the tokens are the prompt's own, `[start, stop)`; the text's others are the chat template's. */
  readonly promptTokens: readonly [start: number, stop: number];
  /** Whether the text was longer than S, so that its end, with the head of the answer, is missing. */
  readonly truncated: boolean;
}

/** Turns prompts into the token ids that the text encoder reads. */
export interface Tokenizer {
  /** The prompt in its chat template. */
  readonly chatText: (prompt: string) => string;
  /** The token ids of the prompt in its chat template. */
  readonly encode: (prompt: string, options: EncodePromptOptions) => EncodedPrompt;
  /** The token ids of a text alone, without chat template, padding or cut. */
  readonly encodeText: (text: string) => readonly number[];
  /** The number of tokens of a text alone: how many `encodeText` gives. */
  readonly countTokens: (text: string) => number;
}

const tokenizerSchema = z.looseObject({ model: z.looseObject({}), added_tokens: z.array(z.looseObject({})) });

/**
 * Opens a tokenizer folder: `tokenizer.json`, `tokenizer_config.json` and the chat template.
 *
 * As in transformers, text that spells a special token (`<|im_end|>`) is read as that token, in prompts too: it can end
 * the user's message early, and is the caller's to remove where prompts are not trusted. Everything else, emoji and
 * any script, goes through NFC, the tokenizer's pattern and byte-level BPE, so nothing is unknown; the empty prompt
 * gives the template alone.
 *
 * @throws {FluxRuntimeError} `unreadable-file`, `invalid-config` or `invalid-tokenizer` for a folder that is no
 * tokenizer; from the methods `invalid-argument` for a text with half a surrogate pair, and for a length that is no
 * positive integer.
 *
 * @example
 * const tokenizer = await createTokenizer("FLUX.2-klein-base-4B/tokenizer");
 * const { inputIds, tokenCount } = tokenizer.encode("a 1-millimeter object", { maxSequenceLength: 512 });
 */
export async function createTokenizer(folder: string): Promise<Tokenizer> {
  const path = join(folder, "tokenizer.json");
  const vocabulary = await readTokenizerFile(path, tokenizerSchema);
  const config = await readTokenizerConfig(folder);
  const renderChat = await createChatTemplate(config);
  const library = await import("@huggingface/tokenizers"); // loaded by who tokenizes alone
  let tokenizer: VocabularyTokenizer;
  try {
    tokenizer = new library.Tokenizer(vocabulary, {});
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new FluxRuntimeError(
      "invalid-tokenizer",
      `${path} describes a tokenizer that cannot be built (${reason}). Use the file that was published with these weights.`,
      { path },
      { cause },
    );
  }
  const padId = tokenizer.token_to_id(config.padToken);
  if (padId === undefined) {
    throw new FluxRuntimeError(
      "invalid-tokenizer",
      `The pad token "${config.padToken}" of tokenizer_config.json is not in the vocabulary of ${path}. Fetch both files again, from one source.`,
      { path, padToken: config.padToken },
    );
  }
  const chatText = (prompt: string): string => renderChat(requireWellFormed(prompt));
  const encodeText = (text: string): readonly number[] => tokenizer.encode(requireWellFormed(text)).ids;

  let template: TemplateTokens | undefined;

  return {
    chatText,
    encodeText,
    countTokens: (text) => encodeText(text).length,
    encode: (prompt, { maxSequenceLength }) => {
      requireLength(maxSequenceLength);
      const ids = encodeText(chatText(prompt));
      template ??= templateTokens(chatText, encodeText);
      const [start, stop] = findPromptTokens(ids, template);
      const tokenCount = Math.min(ids.length, maxSequenceLength);
      const inputIds = new BigInt64Array(maxSequenceLength).fill(BigInt(padId));
      inputIds.set(ids.slice(0, tokenCount).map(BigInt));
      const attentionMask = new Uint8Array(maxSequenceLength).fill(1, 0, tokenCount);
      return {
        inputIds,
        attentionMask,
        tokenCount,
        promptTokens: [Math.min(start, tokenCount), Math.min(stop, tokenCount)],
        truncated: ids.length > maxSequenceLength,
      };
    },
  };
}

function requireWellFormed(text: string): string {
  const place = text.search(/\p{Surrogate}/u);
  if (place === -1) return text;
  throw new FluxRuntimeError(
    "invalid-argument",
    `The text has half a character (a lone surrogate) at position ${place}, which no tokenizer can read. It was probably cut inside an emoji: cut it elsewhere.`,
    { place },
  );
}

function requireLength(maxSequenceLength: number): void {
  if (Number.isSafeInteger(maxSequenceLength) && maxSequenceLength > 0) return;
  throw new FluxRuntimeError(
    "invalid-argument",
    `maxSequenceLength must be a positive integer, but got ${maxSequenceLength}. FLUX.2 Klein uses 512.`,
    { maxSequenceLength },
  );
}

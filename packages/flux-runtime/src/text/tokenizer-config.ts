import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { z } from "zod";
import { FluxRuntimeError } from "../errors.ts";
import { readTokenizerFile } from "./read-tokenizer-file.ts";

/** What a prompt's tokens depend on, beside the vocabulary. */
export interface TokenizerConfig {
  /** Jinja source. */
  readonly chatTemplate: string;
  readonly padToken: string;
  /** Values that a chat template may name: `bos_token`, `eos_token`, `pad_token`, `unk_token`. */
  readonly specialTokens: Readonly<Record<string, string>>;
}

/** A token is a string or, in older files, an object around it. */
const token = z
  .union([z.string(), z.object({ content: z.string() }).transform(({ content }) => content)])
  .nullish();

const schema = z.object({
  bos_token: token,
  eos_token: token,
  pad_token: token,
  unk_token: token,
  chat_template: z
    .union([z.string(), z.array(z.object({ name: z.string(), template: z.string() }))])
    .nullish(),
  padding_side: z
    .literal("right", { error: "must be right: the model was trained with padding after the text" })
    .optional(),
  truncation_side: z
    .literal("right", { error: "must be right: the head of a prompt is what is kept" })
    .optional(),
  split_special_tokens: z
    .literal(false, { error: "is not supported: special tokens are always read as such" })
    .optional(),
});

/**
 * Reads `tokenizer_config.json` and the chat template: `chat_template.jinja` where it exists, as transformers does, else
 * the configuration's own, and of several the one called "default".
 *
 * @throws {FluxRuntimeError} `invalid-tokenizer` where there is no chat template or no pad token, or a field is not as
 * expected; `unreadable-file`, `invalid-config` where the configuration cannot be read or is no JSON.
 */
export async function readTokenizerConfig(folder: string): Promise<TokenizerConfig> {
  const path = join(folder, "tokenizer_config.json");
  const { chat_template, pad_token, bos_token, eos_token, unk_token } = await readTokenizerFile(path, schema);
  if (pad_token == null) {
    throw new FluxRuntimeError(
      "invalid-tokenizer",
      `${path} names no pad_token, but prompts are padded to one length. Use the tokenizer that was published with these weights.`,
      { path },
    );
  }
  const own =
    typeof chat_template === "string"
      ? chat_template
      : chat_template?.find(({ name }) => name === "default")?.template;
  const chatTemplate = (await readTemplateFile(join(folder, "chat_template.jinja"))) ?? own;
  if (chatTemplate === undefined) {
    throw new FluxRuntimeError(
      "invalid-tokenizer",
      `${folder} has no chat template: expected chat_template.jinja, or chat_template in tokenizer_config.json. Use the tokenizer that was published with these weights.`,
      { folder },
    );
  }
  const named = { bos_token, eos_token, pad_token, unk_token };
  const specialTokens = Object.fromEntries(
    Object.entries(named).filter((entry): entry is [string, string] => entry[1] != null),
  );
  return { chatTemplate, padToken: pad_token, specialTokens };
}

async function readTemplateFile(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, "utf8");
  } catch (cause) {
    if (cause instanceof Error && "code" in cause && cause.code === "ENOENT") return undefined;
    throw new FluxRuntimeError(
      "unreadable-file",
      `The chat template ${path} is there, but cannot be read. Check its permissions.`,
      { path },
      { cause },
    );
  }
}

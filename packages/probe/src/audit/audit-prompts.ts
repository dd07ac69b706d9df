import { createTokenizer, type Checkpoint } from "@measure-plantain/flux-runtime";
import { auditPromptSet, type PromptSet, type PromptSetAudit } from "@measure-plantain/prompts";
import type { WordCounts } from "./word-counts.ts";

/** What an audit uses. */
export interface AuditPromptsOptions {
  /** Tokens that the text encoder reads of a prompt. */
  readonly maxSequenceLength: number;
  /** How rare words are; `null` without a list of words. */
  readonly wordCounts: WordCounts | null;
}

/** Audits a prompt set under the tokenizer of a checkpoint and, if a list of words is given, by how rare its words are. */
export async function auditPrompts(
  promptSet: PromptSet,
  { tokenizerFolder }: Pick<Checkpoint, "tokenizerFolder">,
  { maxSequenceLength, wordCounts }: AuditPromptsOptions,
): Promise<PromptSetAudit> {
  const { chatText, countTokens, encodeText } = await createTokenizer(tokenizerFolder);
  return auditPromptSet(promptSet, {
    countTokens,
    encode: encodeText,
    sequence: { length: maxSequenceLength, encode: (prompt) => encodeText(chatText(prompt)) },
    ...(wordCounts && { wordClass: wordCounts.wordClass }),
  });
}

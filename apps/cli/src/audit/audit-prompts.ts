import { createTokenizer, type Checkpoint } from "@measure-plantain/flux-runtime";
import { auditPromptSet, type PromptSet, type PromptSetAudit } from "@measure-plantain/prompts";
import type { WordCounts } from "./word-counts.ts";

/** Audits a prompt set under the tokenizer of a checkpoint and, where a list of words is given, by how rare its words are. */
export async function auditPrompts(
  promptSet: PromptSet,
  { tokenizerFolder }: Pick<Checkpoint, "tokenizerFolder">,
  wordCounts: WordCounts | null,
): Promise<PromptSetAudit> {
  const { countTokens, encodeText } = await createTokenizer(tokenizerFolder);
  return auditPromptSet(promptSet, {
    countTokens,
    encode: encodeText,
    ...(wordCounts && { wordClass: wordCounts.wordClass }),
  });
}

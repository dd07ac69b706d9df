import { createTokenizer, type Checkpoint } from "@measure-plantain/flux-runtime";
import { auditPromptSet, type PromptSet, type PromptSetAudit } from "@measure-plantain/prompts";

/** Audits a prompt set under the tokenizer of a checkpoint. */
export async function auditPrompts(
  promptSet: PromptSet,
  { tokenizerFolder }: Pick<Checkpoint, "tokenizerFolder">,
): Promise<PromptSetAudit> {
  const { countTokens, encodeText } = await createTokenizer(tokenizerFolder);
  return auditPromptSet(promptSet, { countTokens, encode: encodeText });
}

import type { Template } from "@huggingface/jinja";
import { FluxRuntimeError } from "../errors.ts";
import type { TokenizerConfig } from "./tokenizer-config.ts";

/**
 * Makes the text that the text encoder reads from a prompt: one user message, the head of an answer, no thinking.
 *
 * The prompt stands in that text as it is; what looks like a special token in it becomes one.
 *
 * @throws {FluxRuntimeError} `invalid-tokenizer` where the template cannot be parsed, or, from the returned function,
 * cannot be filled in.
 *
 * Source: `Flux2KleinPipeline._get_qwen3_prompt_embeds` in diffusers and `render_jinja_template` in transformers.
 */
export async function createChatTemplate({
  chatTemplate,
  specialTokens,
}: Pick<TokenizerConfig, "chatTemplate" | "specialTokens">): Promise<(prompt: string) => string> {
  const jinja = await import("@huggingface/jinja"); // loaded by who fills in a template alone
  const refuse = (cause: unknown): never => {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new FluxRuntimeError(
      "invalid-tokenizer",
      `The tokenizer's chat template cannot be used (${reason}). Use the tokenizer that was published with these weights.`,
      {},
      { cause },
    );
  };
  let template: Template;
  try {
    template = new jinja.Template(chatTemplate);
  } catch (cause) {
    return refuse(cause);
  }
  return (prompt) => {
    try {
      return template.render({
        ...specialTokens,
        messages: [{ role: "user", content: prompt }],
        tools: null,
        documents: null,
        add_generation_prompt: true,
        enable_thinking: false,
      });
    } catch (cause) {
      return refuse(cause);
    }
  };
}

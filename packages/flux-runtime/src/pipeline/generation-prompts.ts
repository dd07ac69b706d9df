import type { Checkpoint } from "../checkpoint/checkpoint.ts";

/** Lists the prompts that `generate` encodes for an image: its own and, where guidance takes effect, the empty one. */
export function generationPrompts(
  { isDistilled }: Pick<Checkpoint, "isDistilled">,
  { prompt, guidance }: { readonly prompt: string; readonly guidance: number },
): readonly string[] {
  return guidance > 1 && !isDistilled ? [prompt, ""] : [prompt];
}

import type { Checkpoint } from "../checkpoint/checkpoint.ts";

/** Lists the prompts that `generate` encodes for an image: its own and, where guidance takes effect, the empty one. */
export function generationPrompts(
  checkpoint: Pick<Checkpoint, "isDistilled">,
  { prompt, guidance }: { readonly prompt: string; readonly guidance: number },
): readonly string[] {
  return takesGuidance(checkpoint, guidance) ? [prompt, ""] : [prompt];
}

/**
 * Whether guidance takes effect.
 *
 * Source: diffusers `Flux2KleinPipeline.do_classifier_free_guidance`.
 */
export function takesGuidance({ isDistilled }: Pick<Checkpoint, "isDistilled">, guidance: number): boolean {
  return guidance > 1 && !isDistilled;
}

import { embedPrompts } from "./embed-prompts.ts";
import { encodeConditions } from "./encode-conditions.ts";
import { createPassInputs, type PassInputs } from "./pass-inputs.ts";
import type { ProbeContext } from "./probe-context.ts";

/**
 * Makes again what the passes of a complete run were fed: prompt embeddings and image latents are no part of its folder.
 * They are kept in the folder's cache until its work files are removed.
 */
export async function preparePassInputs(context: ProbeContext): Promise<PassInputs> {
  await embedPrompts(context);
  return createPassInputs(context, await encodeConditions(context));
}

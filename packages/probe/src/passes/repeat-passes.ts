import type { TransformerPass } from "@measure-plantain/flux-runtime";
import { promptImages } from "@measure-plantain/prompts";
import { encodeConditions } from "./encode-conditions.ts";
import { encodePrompts } from "./encode-prompts.ts";
import { createPassInputs } from "./pass-inputs.ts";
import { referenceName } from "./prepare-references.ts";
import type { ProbeContext } from "./probe-context.ts";
import type { PassKey } from "../run-folder/pass-files.ts";

/** What the transformer is fed in one pass of a run. */
export type PassInputs = (key: PassKey) => Promise<TransformerPass>;

/**
 * Makes again what the passes of a complete run were fed: prompt embeddings and image latents are no part of its folder.
 * They are kept in the folder's cache until its work files are removed.
 */
export async function preparePassInputs(context: ProbeContext): Promise<PassInputs> {
  const { promptSet, settings, pairs, folder } = context;
  await encodePrompts(context);
  const referencePaths = settings.references.map((_, index) => folder.file(`${referenceName(index)}.png`));
  const sides = pairs.flatMap((index) => {
    const pair = promptSet.pairs[index];
    return pair === undefined ? [] : [pair.a, pair.b];
  });
  const images = await encodeConditions(context, [
    ...referencePaths,
    ...sides.flatMap((side) => promptImages(side)),
  ]);
  const references = referencePaths.flatMap((path) => images.get(path) ?? []);
  return createPassInputs(context, { references, images });
}

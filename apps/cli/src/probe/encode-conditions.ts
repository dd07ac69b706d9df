import {
  encodeImages,
  prepareConditionImage,
  readImage,
  type PackedLatents,
  type Tensor,
} from "@measure-plantain/flux-runtime";
import type { ProbeContext } from "./probe-context.ts";

/** Encodes every image that a pass is conditioned on, once each, in the order given. */
export async function encodeConditions(
  { checkpoint, clock, runtime }: ProbeContext,
  paths: readonly string[],
): Promise<ReadonlyMap<string, PackedLatents>> {
  const distinct = [...new Set(paths)];
  const images: Tensor[] = [];
  for (const path of distinct) images.push(prepareConditionImage(await readImage(path)));
  const latents = await clock.measure("encode images", (watch) =>
    encodeImages(checkpoint, images, { ...runtime, ...watch }),
  );
  return new Map(
    distinct.flatMap((path, index) => (latents[index] ? [[path, latents[index]] as const] : [])),
  );
}

import type { Manifest } from "../run-folder/manifest.ts";
import { listReplicates } from "../settings/replicates.ts";

/** The mean squares over all tokens; those of a segment are called `mean_square.SEGMENT`. */
export const MEAN_SQUARE = "mean_square";
/** The mean squares of each repetition. */
export const REPLICATES = "replicates";
/** The mean of every channel over all tokens, with its sign. */
export const CHANNEL_MEAN = "mean";
/** How far the embeddings of a pair's prompts lie apart. */
export const EMBEDDING_DISTANCE = "embedding_distance";
/** The mean of each prompt's embedding over its tokens. */
export const EMBEDDING_MEAN = "embedding_mean";

/** What a tensor of the captures holds for each pair. */
export interface CaptureForm {
  /** Axes before the pairs. */
  readonly stack: readonly number[];
  /** Axes behind the pairs. */
  readonly row: readonly number[];
  /** What each of its numbers is, in words. */
  readonly value: "mean square" | "mean" | "distance";
}

/**
 * The form of a tensor of `captures.safetensors`: its shape is [...stack, pairs, ...row].
 *
 * @param found - The shape that it has; the channels of an embedding, which no setting says, are taken from it.
 */
export function captureForm(
  name: string,
  { layout, settings }: Pick<Manifest, "layout" | "settings">,
  found: readonly number[],
): CaptureForm {
  const { unitCount = 0, groupSize = 0 } = layout ?? {};
  switch (name) {
    case CHANNEL_MEAN:
      return { stack: [], row: [2, unitCount * groupSize], value: "mean" };
    case EMBEDDING_MEAN:
      return { stack: [], row: [2, found.at(-1) ?? 0], value: "mean" };
    case EMBEDDING_DISTANCE:
      return { stack: [], row: [], value: "distance" };
    case REPLICATES:
      return { stack: [listReplicates(settings).length], row: [2, unitCount], value: "mean square" };
    default:
      return { stack: [], row: [2, unitCount], value: "mean square" };
  }
}

/** Whether a number is one of its kind. */
export function isValue({ value }: CaptureForm, number: number): boolean {
  return Number.isFinite(number) && (value === "mean" || number >= 0);
}

import type { Manifest } from "../run-folder/manifest.ts";
import { listReplicates } from "../settings/replicates.ts";

/** The mean squares over all tokens; those of a segment are called `mean_square.SEGMENT`. */
export const MEAN_SQUARE = "mean_square";
/** The mean squares of each repetition. */
export const REPLICATES = "replicates";
/** The mean of every channel over all tokens, with its sign. */
export const CHANNEL_MEAN = "mean";

/** What a tensor of the captures holds for each pair. */
export interface CaptureForm {
  /** Axes before the pairs. */
  readonly stack: readonly number[];
  /** Axes behind the pairs. */
  readonly row: readonly number[];
  /** What each of its numbers is, in words. */
  readonly value: "mean square" | "mean";
}

/** The form of a tensor of `captures.safetensors`, by its name: its shape is [...stack, pairs, ...row]. */
export function captureForm(
  name: string,
  { layout, settings }: Pick<Manifest, "layout" | "settings">,
): CaptureForm {
  const { unitCount = 0, groupSize = 0 } = layout ?? {};
  if (name === CHANNEL_MEAN) return { stack: [], row: [2, unitCount * groupSize], value: "mean" };
  const stack = name === REPLICATES ? [listReplicates(settings).length] : [];
  return { stack, row: [2, unitCount], value: "mean square" };
}

/** Whether a number is one of its kind. */
export function isValue({ value }: CaptureForm, number: number): boolean {
  return Number.isFinite(number) && (value === "mean" || number >= 0);
}

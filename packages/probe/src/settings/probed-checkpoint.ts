import type { PlantKind } from "../controls/plant/draw-answers.ts";
import type { ResolvedCheckpoint } from "@measure-plantain/flux-runtime";

/** How a checkpoint was made from another one for a control. */
export interface CheckpointChange {
  /** Random weights of the same shape, an effect planted in some units, or no adapters. */
  readonly kind: "random-weights" | "planted" | "base";
  /** What planted units respond to, unless it is the contrast of the pairs. */
  readonly plant?: Exclude<PlantKind, "contrast">;
  /** Of what was drawn for it; 0 for `base`, for which nothing is. */
  readonly seed: number;
  /** The id of the other. */
  readonly of: string;
}

/** A checkpoint that is probed: one that the user named, or a changed copy of it. */
export interface ProbedCheckpoint extends ResolvedCheckpoint {
  /** How it was changed, if it was. */
  readonly change?: CheckpointChange;
}

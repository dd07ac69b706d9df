import type { Projection } from "../attention/projection.ts";

/** A tap's projection and the graph input that its segments come from. */
export interface SelectedTap {
  readonly projection: Projection;
  readonly segmentsInput: string | null;
  readonly maskInput: string | null;
}

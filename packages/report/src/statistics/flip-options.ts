import type { OnShare } from "./divide-progress.ts";

/** How the labellings of one null are chosen. */
export interface FlipOptions {
  /** Random sign flips, or all of them. */
  readonly flips: number | "exact";
  /** Of the random sign flips. */
  readonly seed: number;
  readonly signal?: AbortSignal | undefined;
  readonly onProgress?: OnShare | undefined;
}

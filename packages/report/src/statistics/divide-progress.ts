import type { Progress as Share } from "@measure-plantain/paired-stats";
import type { OnProgress } from "@measure-plantain/probe";

/** Told how far a computation is. */
export type OnShare = (share: Share) => void;

/**
 * Divides one progress among the parts of a computation that follow each other.
 *
 * @param weights - About how long each part takes, in any unit.
 * @returns What to tell of each part's own progress; the whole is told as a share of 1.
 */
export function divideProgress(onShare: OnShare | undefined, weights: readonly number[]): OnShare[] {
  const whole = weights.reduce((sum, weight) => sum + weight, 0);
  return weights.map((weight, place) => {
    const before = weights.slice(0, place).reduce((sum, earlier) => sum + earlier, 0);
    return ({ done, total }) => onShare?.({ done: (before + weight * (done / total)) / whole, total: 1 });
  });
}

/** Of a part that tells nothing while it runs. */
export const DONE: Share = { done: 1, total: 1 };

/** The progress of computing statistics, a task of one stage, in percent. */
export function reportStatistics(onProgress: OnProgress | undefined): OnShare | undefined {
  if (onProgress === undefined) return undefined;
  const began = performance.now();
  return ({ done, total }) => {
    onProgress({
      stage: "computing statistics",
      stageNumber: 1,
      stages: 1,
      done: Math.floor((100 * done) / total),
      total: 100,
      unit: "%",
      elapsedMs: performance.now() - began,
    });
  };
}

import type { Progress } from "@measure-plantain/paired-stats";

/** Told how far a computation is. */
export type OnProgress = (progress: Progress) => void;

/**
 * Divides one progress among the parts of a computation that follow each other.
 *
 * @param weights - About how long each part takes, in any unit.
 * @returns What to tell of each part's own progress; the whole is told as a share of 1.
 */
export function divideProgress(onProgress: OnProgress | undefined, weights: readonly number[]): OnProgress[] {
  const whole = weights.reduce((sum, weight) => sum + weight, 0);
  return weights.map((weight, place) => {
    const before = weights.slice(0, place).reduce((sum, earlier) => sum + earlier, 0);
    return ({ done, total }) => onProgress?.({ done: (before + weight * (done / total)) / whole, total: 1 });
  });
}

/** Of a part that tells nothing while it runs. */
export const DONE: Progress = { done: 1, total: 1 };

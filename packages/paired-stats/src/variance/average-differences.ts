import { checkMatrix, type Matrix } from "../matrix.ts";
import { PairedStatsError } from "../paired-stats-error.ts";
import { itemAt, valueAt } from "../reading.ts";
import { resolutionReader } from "../resolution.ts";

/**
 * The mean of matrices of one shape, value by value, with the mean of their resolutions: what repetitions of a measurement
 * say together.
 *
 * @param replicates - one matrix `[pairs, units]` per repetition.
 * @throws {@link PairedStatsError} `shape-mismatch` for no matrix or different shapes, and for invalid matrices as
 *   {@link pairedT}.
 * @example
 * const result = pairedT(averageDifferences([differencesUnderOneNoise, differencesUnderAnother]));
 */
export function averageDifferences(replicates: readonly Matrix[]): Matrix {
  checkReplicates(replicates, 1);
  const { data, shape } = itemAt(replicates, 0);
  const mean = new Float64Array(data.length);
  const resolution = new Float64Array(data.length);
  for (const replicate of replicates) {
    const resolutionAt = resolutionReader(replicate);
    for (const [place, value] of replicate.data.entries()) {
      mean[place] = valueAt(mean, place) + value / replicates.length;
      resolution[place] = valueAt(resolution, place) + resolutionAt(place) / replicates.length;
    }
  }
  return { data: mean, shape, resolution };
}

/** @throws {@link PairedStatsError} unless there are as many matrices as `least`, all valid and of one shape. */
export function checkReplicates(replicates: readonly Matrix[], least: number): void {
  if (replicates.length < least)
    throw new PairedStatsError(
      "shape-mismatch",
      `replicates: expected ${least} or more matrices, got ${replicates.length}`,
      { replicates: replicates.length },
    );
  const [first] = replicates;
  for (const [place, replicate] of replicates.entries()) {
    checkMatrix(replicate, `replicate ${place}`);
    const [pairs, units] = replicate.shape;
    if (pairs !== first?.shape[0] || units !== first.shape[1])
      throw new PairedStatsError(
        "shape-mismatch",
        `replicate ${place}: expected the shape [${first?.shape.join(", ") ?? ""}] of the first, got [${pairs}, ${units}]`,
        { replicate: place, rows: pairs, columns: units },
      );
  }
}

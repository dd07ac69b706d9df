import { checkMatrix, checkTypedArray, type Matrix } from "./matrix.ts";
import { PairedStatsError } from "./paired-stats-error.ts";

/** Measurements of both conditions of each pair, as they come out of a probe that runs a, then b, pair by pair. */
export interface PairedMeasurements {
  /** `pairs × 2 × units` values: a pair's units under condition a, then under b. */
  readonly data: Float32Array | Float64Array;
  /** `[pairs, 2, units]`. */
  readonly shape: readonly number[];
}

/**
 * The two conditions of paired measurements, each as a matrix of its own, in the type of the measurements.
 *
 * @param measurements - `[pairs, 2, units]`, in any unit of measurement.
 * @returns `a` and `b`, each `[pairs, units]` in that unit.
 * @throws {@link PairedStatsError} `shape-mismatch` if the shape is not [pairs, 2, units] or does not fit the data; `non-finite`;
 *   `invalid-argument` if the data is not a Float32Array or Float64Array.
 * @example
 * const { a, b } = splitConditions({ data: Float32Array.of(1, 2, 3, 4), shape: [1, 2, 2] });
 * pairedDifference(a, b).data; // Float64Array [2, 2]
 */
export function splitConditions(measurements: PairedMeasurements): {
  readonly a: Matrix;
  readonly b: Matrix;
} {
  checkTypedArray(measurements, "measurements");
  const { data, shape } = measurements;
  const [pairs = 0, conditions, units = 0] = shape;
  if (shape.length !== 3 || conditions !== 2)
    throw new PairedStatsError(
      "shape-mismatch",
      `measurements: expected a shape [pairs, 2, units], got [${shape.join(", ")}]; put the conditions of each pair ` +
        "side by side, a before b",
      { shape: shape.join(", ") },
    );
  checkMatrix({ data, shape: [2 * pairs, units] }, "measurements");
  const a = data.slice(0, pairs * units);
  const b = data.slice(0, pairs * units);
  for (let pair = 0; pair < pairs; pair += 1) {
    const start = 2 * pair * units;
    a.set(data.subarray(start, start + units), pair * units);
    b.set(data.subarray(start + units, start + 2 * units), pair * units);
  }
  return { a: { data: a, shape: [pairs, units] }, b: { data: b, shape: [pairs, units] } };
}

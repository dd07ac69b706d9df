import { checkMatrix, type Matrix } from "./matrix.ts";
import { PairedStatsError } from "./paired-stats-error.ts";
import { valueAt } from "./reading.ts";
import { resolutionReader } from "./resolution.ts";

/**
 * The second condition minus the first, pair by pair and unit by unit, in float64. The result remembers how finely the
 * measurements were resolved: small differences of large float32 values are known no better than those values.
 *
 * @param a - `[pairs, units]`, the first condition, in any unit of measurement.
 * @param b - `[pairs, units]`, the second condition, in the same unit.
 * @returns `[pairs, units]` of b − a in that unit; its resolution is the sum of both.
 * @throws {@link PairedStatsError} `shape-mismatch` if the two shapes differ, and all that an invalid matrix throws.
 * @example
 * pairedDifference(
 *   { data: Float32Array.of(1, 1, 1, 1), shape: [2, 2] },
 *   { data: Float32Array.of(1.5, 3, 1.5, 4), shape: [2, 2] },
 * ).data; // Float64Array [0.5, 2, 0.5, 3]
 */
export function pairedDifference(a: Matrix, b: Matrix): Matrix {
  checkMatrix(a, "a");
  checkMatrix(b, "b");
  if (a.shape[0] !== b.shape[0] || a.shape[1] !== b.shape[1])
    throw new PairedStatsError(
      "shape-mismatch",
      `a and b: expected the same shape, got [${a.shape.join(", ")}] and [${b.shape.join(", ")}]`,
      { rowsOfA: a.shape[0], columnsOfA: a.shape[1], rowsOfB: b.shape[0], columnsOfB: b.shape[1] },
    );
  const first = Float64Array.from(a.data);
  const data = Float64Array.from(b.data, (value, index) => value - valueAt(first, index));
  const resolutionOfA = resolutionReader(a);
  const resolutionOfB = resolutionReader(b);
  const resolution = data.map((_, index) => resolutionOfA(index) + resolutionOfB(index));
  const difference: Matrix = { data, shape: [a.shape[0], a.shape[1]], resolution };
  checkMatrix(difference, "b − a"); // two finite values can lie further apart than the largest float64
  return difference;
}

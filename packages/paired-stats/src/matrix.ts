import { PairedStatsError } from "./paired-stats-error.ts";

/**
 * Measurements of many units on several pairs: row-major `[pairs, units]`, each row one pair, each column one unit.
 *
 * @example
 * const matrix: Matrix = { data: new Float32Array([1, 2, 3, 4, 5, 6]), shape: [2, 3] }; // 2 pairs, 3 units
 */
export interface Matrix {
  /** `pairs × units` values, a pair's units next to each other. */
  readonly data: Float32Array | Float64Array;
  /** `[pairs, units]`. */
  readonly shape: readonly [number, number];
}

/**
 * Checks a matrix before anything is computed from it.
 *
 * @throws {@link PairedStatsError} `shape-mismatch` if the shape is not two positive whole numbers or does not fit the data,
 *   `non-finite` with the row and column of the first NaN or infinity.
 */
export function checkMatrix(matrix: Matrix, name: string): void {
  const [rows, columns] = matrix.shape;
  if (!isCount(rows) || !isCount(columns) || rows * columns !== matrix.data.length)
    throw new PairedStatsError(
      "shape-mismatch",
      `${name}: expected a shape [pairs, units] of positive whole numbers whose product is the length of the data, ` +
        `got [${rows}, ${columns}] with ${matrix.data.length} values`,
      { rows, columns, length: matrix.data.length },
    );
  const index = matrix.data.findIndex((value) => !Number.isFinite(value));
  if (index < 0) return;
  const row = Math.floor(index / columns);
  const column = index % columns;
  const value = String(matrix.data[index]);
  throw new PairedStatsError(
    "non-finite",
    `${name}: expected finite numbers, got ${value} at row ${row}, column ${column} (pair ${row}, unit ${column}, ` +
      `counted from 0); drop that unit or that pair, or repair the measurement`,
    { row, column, value },
  );
}

/**
 * Checks a matrix of paired differences: a valid matrix of two pairs or more.
 *
 * @throws {@link PairedStatsError} as {@link checkMatrix}, and `too-few-pairs` for a single row.
 */
export function checkDifferences(differences: Matrix): void {
  checkMatrix(differences, "differences");
  const [pairs] = differences.shape;
  if (pairs >= 2) return;
  throw new PairedStatsError(
    "too-few-pairs",
    `differences: expected two pairs or more, got ${pairs}; one pair has no standard deviation`,
    { pairs },
  );
}

/** Copies one row into float64 room for it, so that a float32 matrix is never held twice. */
export function readRow({ data, shape: [, columns] }: Matrix, row: number, into: Float64Array): void {
  into.set(data.subarray(row * columns, (row + 1) * columns));
}

function isCount(value: number): boolean {
  return Number.isSafeInteger(value) && value > 0;
}

import type { Matrix } from "./matrix.ts";
import { PairedStatsError } from "./paired-stats-error.ts";

/**
 * Makes a matrix of its rows: one row a pair, one column a unit.
 *
 * @param rows - One for each pair, each with a value for every unit, as plain or typed arrays.
 * @returns `[pairs, units]`, in float64.
 * @throws {@link PairedStatsError} `shape-mismatch` if there is no row, or one of another length than the first.
 * @example
 * matrixFromRows([[1, 2, 3], [4, 5, 6]]).shape; // [2, 3]: 2 pairs, 3 units
 */
export function matrixFromRows(rows: readonly ArrayLike<number>[]): Matrix {
  const units = rows[0]?.length ?? 0;
  const other = rows.findIndex((row) => row.length !== units);
  if (units === 0 || other >= 0) {
    throw new PairedStatsError(
      "shape-mismatch",
      units === 0
        ? "rows: expected one row per pair with a value for each unit, got none; give the measurements of each pair"
        : `rows: expected ${units} values in every row, as in row 0, got ${rows[other]?.length ?? 0} in row ${other}; ` +
            "measure the same units in every pair",
      { rows: rows.length, columns: units },
    );
  }
  const data = new Float64Array(rows.length * units);
  for (const [pair, row] of rows.entries()) data.set(row, pair * units);
  return { data, shape: [rows.length, units] };
}

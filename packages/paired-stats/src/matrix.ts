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
  /**
   * `[pairs, units]`: how far apart two equal values can lie by the rounding of what was measured. By default that of the
   * type of `data`: 2^−23 of the value for float32, 2^−52 for float64, 0 for whole numbers. Say it for values computed in
   * float64 from float32 ones ({@link float32Resolution}).
   */
  readonly resolution?: Float64Array | undefined;
}

/**
 * Checks a matrix before anything is computed from it.
 *
 * @throws {@link PairedStatsError} `invalid-argument` if the data is not a Float32Array or Float64Array, or the resolution not
 *   one number from 0 up per value; `shape-mismatch` if the shape is not two positive whole numbers or does not fit the
 *   data; `non-finite` with the row and column of the first NaN or infinity.
 */
export function checkMatrix(matrix: Matrix, name: string): void {
  checkTypedArray(matrix, name);
  const [rows, columns] = matrix.shape;
  if (!isCount(rows) || !isCount(columns) || rows * columns !== matrix.data.length)
    throw new PairedStatsError(
      "shape-mismatch",
      `${name}: expected a shape [pairs, units] of positive whole numbers whose product is the length of the data, ` +
        `got [${rows}, ${columns}] with ${matrix.data.length} values`,
      { rows, columns, length: matrix.data.length },
    );
  const index = matrix.data.findIndex((value) => !Number.isFinite(value));
  if (index < 0) {
    checkResolution(matrix, name);
    return;
  }
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

/** @throws {@link PairedStatsError} `invalid-argument` unless it is `{ data, shape }` with float32 or float64 data. */
export function checkTypedArray(
  input: { readonly data: unknown; readonly shape: unknown } | undefined,
  name: string,
): void {
  const { data, shape } = input ?? { data: undefined, shape: undefined };
  const isTyped = data instanceof Float32Array || data instanceof Float64Array;
  if (isTyped && Array.isArray(shape)) return;
  throw new PairedStatsError(
    "invalid-argument",
    `${name}: expected { data, shape } with data a Float32Array or Float64Array and shape an array of its lengths, got ` +
      `${isTyped ? `shape ${nameOf(shape)}` : `data ${nameOf(data)}`}; write { data: Float64Array.from(rows.flat()), ` +
      "shape: [pairs, units] }",
    { data: nameOf(data), shape: nameOf(shape) },
  );
}

function checkResolution({ data, shape: [, columns], resolution }: Matrix, name: string): void {
  if (resolution === undefined) return;
  const wrong = resolution.findIndex((value) => !(value >= 0 && value < Infinity));
  if (wrong < 0 && resolution.length === data.length) return;
  throw new PairedStatsError(
    "invalid-argument",
    `${name}: expected a resolution of ${data.length} finite numbers from 0 up, one per value, got ` +
      (wrong < 0
        ? `${resolution.length}`
        : `${String(resolution[wrong] ?? "nothing")} at row ${Math.floor(wrong / columns)}, column ${wrong % columns}`),
    { length: resolution.length },
  );
}

/** What a value is, for a message: its class, or its type. */
function nameOf(value: unknown): string {
  return typeof value === "object" && value !== null ? value.constructor.name : typeof value;
}

/** Copies one row into float64 room for it, so that a float32 matrix is never held twice. */
export function readRow({ data, shape: [, columns] }: Matrix, row: number, into: Float64Array): void {
  into.set(data.subarray(row * columns, (row + 1) * columns));
}

function isCount(value: number): boolean {
  return Number.isSafeInteger(value) && value > 0;
}

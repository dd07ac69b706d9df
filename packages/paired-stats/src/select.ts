import type { Matrix } from "./matrix.ts";

/**
 * The rows of some pairs, in the order asked for, in the type and with the resolution of the matrix.
 *
 * @example
 * selectPairs(differences, [0, 2, 4]); // every other pair
 */
export function selectPairs(
  { data, shape: [, units], resolution }: Matrix,
  pairs: readonly number[],
): Matrix {
  const copyRows = <Values extends Float32Array | Float64Array>(from: Values, to: Values): Values => {
    for (const [row, pair] of pairs.entries()) {
      const isThere = from[pair * units] !== undefined;
      if (isThere) to.set(from.subarray(pair * units, (pair + 1) * units), row * units);
      else to.fill(NaN, row * units, (row + 1) * units);
    }
    return to;
  };
  const length = pairs.length * units;
  return {
    data:
      data instanceof Float32Array
        ? copyRows(data, new Float32Array(length))
        : copyRows(data, new Float64Array(length)),
    shape: [pairs.length, units],
    resolution: resolution && copyRows(resolution, new Float64Array(length)),
  };
}

/**
 * The columns of some units, in the order asked for, in the type and with the resolution of the matrix.
 *
 * @example
 * selectUnits(differences, [7]); // one unit
 */
export function selectUnits(
  { data, shape: [pairs, columns], resolution }: Matrix,
  units: readonly number[],
): Matrix {
  return select(data, resolution, pairs, units.length, (row, unit) => row * columns + (units[unit] ?? NaN));
}

function select(
  data: Matrix["data"],
  resolution: Float64Array | undefined,
  rows: number,
  columns: number,
  placeOf: (row: number, column: number) => number,
): Matrix {
  const selected =
    data instanceof Float32Array ? new Float32Array(rows * columns) : new Float64Array(rows * columns);
  const resolved = resolution && new Float64Array(rows * columns);
  for (let row = 0; row < rows; row += 1)
    for (let column = 0; column < columns; column += 1) {
      const place = placeOf(row, column);
      selected[row * columns + column] = data[place] ?? NaN;
      if (resolved) resolved[row * columns + column] = resolution[place] ?? NaN;
    }
  return { data: selected, shape: [rows, columns], resolution: resolved };
}

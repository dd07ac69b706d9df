import { checkWhole } from "../options.ts";
import { PairedStatsError } from "../paired-stats-error.ts";
import { valueAt } from "../reading.ts";

/**
 * Inner products of rows, for several sets of channels: all that a statistic of directions needs, in a size that does
 * not depend on the number of channels.
 */
export interface GramMatrices {
  /** `sets × rows × rows` values: the sum over a set's channels of row × row, in the square of the unit of measurement. */
  readonly data: Float64Array;
  /** `[sets, rows, rows]`. */
  readonly shape: readonly [number, number, number];
}

/** @throws {@link PairedStatsError} unless these are finite `[sets, rows, rows]` with squares on the diagonals. */
export function checkGrams(grams: GramMatrices | undefined): void {
  const { data, shape }: Partial<GramMatrices> = grams ?? {}; // a caller without types may pass others
  const isTyped = data instanceof Float64Array && Array.isArray(shape);
  const [sets = 0, rows = 0, columns = 0] = shape ?? [];
  if (!isTyped || sets < 1 || rows < 2 || rows !== columns || sets * rows * rows !== data.length)
    throw new PairedStatsError(
      "shape-mismatch",
      "grams: expected { data, shape } with data a Float64Array and a shape [sets, rows, rows] that fits it, of one set " +
        "or more and two rows or more, got " +
        `${isTyped ? `[${sets}, ${rows}, ${columns}] with ${data.length} values` : "others"}; make them with gramMatrices`,
      { sets, rows, columns },
    );
  const wrong = data.findIndex(
    (value, at) => !Number.isFinite(value) || ((at % (rows * rows)) % (rows + 1) === 0 && value < 0),
  );
  if (wrong < 0) return;
  const set = Math.floor(wrong / (rows * rows));
  throw new PairedStatsError(
    "non-finite",
    `grams: expected finite products and no negative square, got ${String(data[wrong])} in set ${set}`,
    { set },
  );
}

/** How many rows each object has. @throws {@link PairedStatsError} `shape-mismatch` if they are not the same number for each. */
export function levelsOf(rows: number, objects: number): number {
  checkWhole(objects, "objects", 1);
  if (rows % objects === 0) return rows / objects;
  throw new PairedStatsError(
    "shape-mismatch",
    `objects: expected as many rows for each of ${objects} objects, got ${rows} rows in all`,
    { objects, rows },
  );
}

/** @throws {@link PairedStatsError} `out-of-range` if a product left float64. */
export function checkRepresentable(data: Float64Array): void {
  if (data.every(Number.isFinite)) return;
  throw new PairedStatsError(
    "out-of-range",
    "expected values whose products stay in float64, got larger ones; rescale the measurements",
    {},
  );
}

/** Centres the rows of each object, column by column, from the object's first row: equal values become exactly 0. */
export function centreRows(
  values: Float64Array,
  rows: number,
  levels: number,
  width: number,
  stride: number,
): void {
  for (let first = 0; first < rows; first += levels)
    for (let column = 0; column < width; column += 1) {
      const start = first * stride + column;
      const offset = valueAt(values, start);
      let sum = 0;
      for (let level = 0; level < levels; level += 1) sum += valueAt(values, start + level * stride) - offset;
      const mean = sum / levels;
      for (let level = 0; level < levels; level += 1) {
        const at = start + level * stride;
        values[at] = valueAt(values, at) - offset - mean;
      }
    }
}

/** Copies the upper half to the lower one. */
export function mirror(gram: Float64Array, rows: number): void {
  for (let row = 1; row < rows; row += 1)
    for (let column = 0; column < row; column += 1)
      gram[row * rows + column] = valueAt(gram, column * rows + row);
}

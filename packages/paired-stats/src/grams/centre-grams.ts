import { checkOptions } from "../options.ts";
import { valueAt } from "../reading.ts";
import { centreRows, checkGrams, levelsOf, mirror, type GramMatrices } from "./grams.ts";

/**
 * The Gram matrices of the rows centred within each object: what its levels have in common, the object itself, is taken
 * out. The channels are not needed for it: H G H, H being the centring of every object's rows.
 *
 * @param grams - `[sets, objects × levels, objects × levels]`.
 * @returns the same shape.
 * @throws {@link PairedStatsError} `shape-mismatch` if the rows are no multiple of `objects`.
 */
export function centreGrams(grams: GramMatrices, options: { readonly objects: number }): GramMatrices {
  checkOptions(options, ["objects"]);
  checkGrams(grams);
  const [sets, rows] = grams.shape;
  const levels = levelsOf(rows, options.objects);
  const data = grams.data.slice();
  for (let set = 0; set < sets; set += 1) {
    const gram = data.subarray(set * rows * rows, (set + 1) * rows * rows);
    centreRows(gram, rows, levels, rows, rows);
    transpose(gram, rows);
    centreRows(gram, rows, levels, rows, rows);
    mirror(gram, rows); // the two halves differ by rounding
    for (let row = 0; row < rows; row += 1)
      // no square is negative
      gram[row * (rows + 1)] = Math.max(0, valueAt(gram, row * (rows + 1)));
  }
  return { data, shape: grams.shape };
}

function transpose(gram: Float64Array, rows: number): void {
  for (let row = 1; row < rows; row += 1)
    for (let column = 0; column < row; column += 1) {
      const kept = valueAt(gram, row * rows + column);
      gram[row * rows + column] = valueAt(gram, column * rows + row);
      gram[column * rows + row] = kept;
    }
}

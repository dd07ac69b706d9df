import { float32Resolution, type Matrix } from "@measure-plantain/paired-stats";
import type { CrossedCells } from "@measure-plantain/prompts";
import { valueAt } from "../../reading.ts";

/** One value of a pair's side. */
export type ReadSide = (pair: number, condition: 0 | 1, column: number) => number;

/**
 * The measurements of a crossed set's cells, [rows × levels, columns], in the order of `cells`: a cell that several sides show is
 * their mean.
 *
 * @param read - The measurement, as it was taken pair by pair.
 */
export function arrangeCells({ cells }: CrossedCells, columns: number, read: ReadSide): Matrix {
  const data = new Float64Array(cells.length * columns);
  for (const [row, { places }] of cells.entries())
    for (const { pair, condition } of places)
      for (let column = 0; column < columns; column += 1) {
        const place = row * columns + column;
        data[place] = valueAt(data, place) + read(pair, condition, column) / places.length;
      }
  // Measured in float32: what is computed from the measurements inherits their resolution.
  return { data, shape: [cells.length, columns], resolution: float32Resolution(data) };
}

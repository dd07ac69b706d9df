import { checkMatrix, type Matrix } from "../matrix.ts";
import { checkOptions } from "../options.ts";
import { valueAt } from "../reading.ts";
import { resolutionReader } from "../resolution.ts";
import { CROSSED_DESIGN, readCrossedDesign, type Crossed, type CrossedDesign } from "./crossed-design.ts";

/** The relative rounding of a float64. */
const ROUNDING = 2 ** -52;

/**
 * The slope of each object's values on the grade, by least squares: one row per object, so that {@link pairedT},
 * {@link signFlipNull} and {@link exactSignFlipP} test whether the values follow the grade, whole objects being
 * exchangeable.
 *
 * @param cells - `[objects × levels, units]`, the levels of an object next to each other, in any unit of measurement.
 * @returns `[objects, units]` in that unit per unit of grade; its resolution is that of the values, added up, and what
 *   float64 rounds.
 * @throws {@link PairedStatsError} for an invalid matrix as {@link pairedT}; `invalid-argument`, `shape-mismatch` or
 *   `non-finite` for a design that does not fit it.
 * @see Lorch & Myers (1990), J. Exp. Psychol. Learn. Mem. Cogn. 16, 149 (slopes of each subject, tested over subjects).
 * @example
 * const slopes = objectSlopes(cells, { objects: 8, grades: [-3, -1, 0, 1, 2, 4] });
 * const { maximum } = await signFlipNull(slopes, { exact: true });
 */
export function objectSlopes(cells: Matrix, design: CrossedDesign): Matrix {
  checkOptions(design, CROSSED_DESIGN);
  checkMatrix(cells, "cells");
  return slopesOf(cells, readCrossedDesign(cells.shape[0], design));
}

/** The same of a checked matrix and its design. */
export function slopesOf(cells: Matrix, { objects, levels, direction, length }: Crossed): Matrix {
  const { data } = cells;
  const [, units] = cells.shape;
  const resolutionAt = resolutionReader(cells);
  const slopes = new Float64Array(objects * units);
  const resolution = new Float64Array(objects * units);
  for (let object = 0; object < objects; object += 1)
    for (let unit = 0; unit < units; unit += 1) {
      const first = object * levels * units + unit;
      let sum = 0;
      let unresolved = 0;
      for (let level = 0; level < levels; level += 1) {
        const place = first + level * units;
        const weight = valueAt(direction, level);
        const term = weight * ((data[place] ?? NaN) - (data[first] ?? NaN)); // a common offset costs no digits
        sum += term;
        unresolved += Math.abs(weight) * resolutionAt(place) + levels * ROUNDING * Math.abs(term);
      }
      slopes[object * units + unit] = sum / length;
      resolution[object * units + unit] = unresolved / length;
    }
  return { data: slopes, shape: [objects, units], resolution };
}

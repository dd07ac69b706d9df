import { checkWhole } from "../options.ts";
import { PairedStatsError } from "../paired-stats-error.ts";
import { makeDesign } from "../regression/design.ts";

/** How the rows of crossed measurements are made up: `objects × levels`, the levels of an object next to each other. */
export interface CrossedDesign {
  /** How many objects: two or more. */
  readonly objects: number;
  /** The grade of each level, in any unit and order, all different; as many as there are levels. */
  readonly grades: ArrayLike<number>;
}

/** Their names. */
export const CROSSED_DESIGN: readonly (keyof CrossedDesign)[] = ["objects", "grades"];

/** A design that fits its measurements. */
export interface Crossed {
  readonly objects: number;
  readonly levels: number;
  /** The grades about their mean, as a direction of length 1: `[levels]`. */
  readonly direction: Float64Array;
  /** The length that they had: a slope is the sum along `direction` divided by it. */
  readonly length: number;
}

/**
 * Reads a design of so many rows.
 *
 * @throws {@link PairedStatsError} `invalid-argument` for fewer than two objects or levels and for equal grades,
 *   `shape-mismatch` if objects × grades are not the rows, `non-finite` for a grade that is NaN or infinite,
 *   `degenerate` for grades that differ by no more than rounding.
 */
export function readCrossedDesign(rows: number, { objects, grades }: CrossedDesign): Crossed {
  const values = readGrades(grades);
  const levels = values.length;
  checkRows(rows, objects, levels);
  const { tested, testedLength } = makeDesign(
    values,
    new Float64Array(levels).fill(1),
    `grades: expected grades that differ by more than rounding, got ${values.join(", ")}`,
  );
  return { objects, levels, direction: tested, length: testedLength };
}

/** @throws {@link PairedStatsError} unless the rows are objects × levels, two or more of each. */
export function checkRows(rows: number, objects: number, levels: number): void {
  checkWhole(objects, "objects", 2);
  if (objects * levels === rows && levels >= 2) return;
  throw new PairedStatsError(
    "shape-mismatch",
    `expected a row for each of ${objects} objects at each of two levels or more, got ${rows} rows and ${levels} levels`,
    { rows, objects, levels },
  );
}

function readGrades(grades: ArrayLike<number>): Float64Array {
  const isList = Array.isArray(grades) || ArrayBuffer.isView(grades);
  const values = isList ? Float64Array.from(grades) : new Float64Array();
  if (values.length < 2)
    throw new PairedStatsError(
      "invalid-argument",
      `grades: expected a list of two numbers or more, one per level, got ${isList ? values.length : typeof grades}`,
      { option: "grades" },
    );
  const wrong = values.findIndex((value) => !Number.isFinite(value));
  if (wrong >= 0)
    throw new PairedStatsError(
      "non-finite",
      `grades: expected finite numbers, got ${String(values[wrong])} at level ${wrong}`,
      { level: wrong },
    );
  const repeated = values.findIndex((value, level) => values.indexOf(value) < level);
  if (repeated >= 0)
    throw new PairedStatsError(
      "invalid-argument",
      `grades: expected a different number for each level, got ${String(values[repeated])} twice; average the rows ` +
        "of levels that have the same grade",
      { level: repeated },
    );
  return values;
}

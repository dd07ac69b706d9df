import { readFileSync } from "node:fs";
import type { Matrix } from "../src/matrix.ts";
import { matrixOf } from "./parity.ts";

/** Cells of 5 objects × 4 levels in 4 units, and the values of scipy 1.10.1 and statsmodels 0.13.5 for them. */
interface CrossedParity {
  readonly objects: number;
  readonly grades: readonly number[];
  readonly cells: readonly number[][];
  readonly slopes: readonly number[][];
  readonly ss_object: readonly number[];
  readonly ss_level: readonly number[];
  readonly ss_linear: readonly number[];
  readonly ss_interaction: readonly number[];
  readonly f_object: readonly number[];
  readonly p_object: readonly number[];
  readonly f_level: readonly number[];
  readonly p_level: readonly number[];
  readonly f_heterogeneity: readonly number[];
  readonly p_heterogeneity: readonly number[];
  readonly slope_mean: readonly number[];
  readonly slope_t: readonly number[];
  readonly slope_p: readonly number[];
  readonly f_sf: readonly {
    readonly f: number;
    readonly numerator: number;
    readonly denominator: number;
    readonly p: number;
  }[];
}

/** The reference values, read from the fixture as they are. */
export const crossedParity: CrossedParity = JSON.parse(
  readFileSync(new URL("fixtures/crossed-5x4.json", import.meta.url), "utf8"),
) as CrossedParity; // the fixture is part of the repository

/** Its cells: `[20, 4]`. */
export const crossedCells: Matrix = matrixOf(crossedParity.cells);

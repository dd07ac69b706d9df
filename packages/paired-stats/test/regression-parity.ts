import { readFileSync } from "node:fs";
import type { Matrix } from "../src/matrix.ts";
import { columnsOf, firstRows, parityDifferences, paritySigns, testedUnits } from "./parity.ts";

/** Values of scipy 1.17.1 and numpy 2.4.6 for the 38 units of the parity material that have a t. */
interface RegressionParity {
  readonly grades: readonly number[];
  readonly covariate: readonly number[];
  readonly pearson: readonly number[];
  readonly pearson_p: readonly number[];
  readonly spearman: readonly number[];
  readonly spearman_p: readonly number[];
  readonly intercept: readonly number[];
  readonly slope: readonly number[];
  readonly intercept_se: readonly number[];
  readonly intercept_t: readonly number[];
  readonly intercept_p: readonly number[];
  readonly freedman_lane_max_t: readonly number[];
  readonly freedman_lane_count_gt2: readonly number[];
  readonly pearson_null_max: readonly number[];
  readonly spearman_null_max: readonly number[];
  readonly spearman_null_count_gt03: readonly number[];
  readonly rankdata: readonly [readonly number[], readonly number[]];
  readonly nct_interval_24: readonly (readonly [number, number, number])[];
}

/** The fixture as it is. */
export const regression: RegressionParity = JSON.parse(
  readFileSync(new URL("fixtures/regression-25x38.json", import.meta.url), "utf8"),
) as RegressionParity; // the fixture is part of the repository

/** The differences it is about. */
export const regressionDifferences: Matrix = columnsOf(parityDifferences, testedUnits);

/** Its 50 labellings. */
export const regressionSigns: Matrix = firstRows(paritySigns, 50);

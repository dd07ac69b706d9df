import { readFileSync } from "node:fs";
import { expect } from "vitest";
import type { Matrix } from "../src/matrix.ts";
import { pairedDifference } from "../src/paired-difference.ts";

/** Inputs and the values of scipy 1.17.1 and statsmodels 0.15.0 for them; null stands at the degenerate units 0 and 1. */
interface Parity {
  readonly a: readonly number[][];
  readonly b: readonly number[][];
  readonly t: readonly (number | null)[];
  readonly p_two_sided: readonly (number | null)[];
  readonly cohen_d_z: readonly (number | null)[];
  readonly adjusted_fdr_bh: readonly (number | null)[];
  readonly adjusted_fdr_by: readonly (number | null)[];
  readonly adjusted_holm: readonly (number | null)[];
  readonly adjusted_bonferroni: readonly (number | null)[];
  readonly signs: readonly number[][];
  readonly null_count_gt2: readonly number[];
  readonly null_count_gt3: readonly number[];
  readonly null_count_gt5: readonly number[];
  readonly null_mean_gt2: number;
  readonly null_mean_gt3: number;
  readonly null_mean_gt5: number;
  readonly null_p99_gt2: number;
  readonly null_p99_gt3: number;
  readonly null_p99_gt5: number;
  readonly observed_gt2: number;
  readonly observed_gt3: number;
  readonly observed_gt5: number;
  readonly null_max_abs_t: readonly number[];
  readonly maxT_p_fwer: readonly (number | null)[];
  readonly exact12_p_two_sided_first8: readonly number[];
  readonly scipy_permutation_test_units_2_4_first12: readonly number[];
  readonly split_permutations: readonly number[][];
  readonly split_half_r_of_t: readonly number[];
  readonly split_half_r_of_mean_difference: readonly number[];
  readonly t_cdf: readonly { readonly t: number; readonly df: number; readonly two_sided_p: number }[];
}

/** The parity material, read from the fixture as it is. */
export const parity: Parity = JSON.parse(
  readFileSync(new URL("fixtures/paired-25x40.json", import.meta.url), "utf8"),
) as Parity; // the fixture is part of the repository

/** A matrix of rows written out. */
export function matrixOf(rows: readonly (readonly number[])[]): Matrix {
  return { data: Float64Array.from(rows.flat()), shape: [rows.length, rows[0]?.length ?? 0] };
}

/** The 25 × 40 differences of the parity material. */
export const parityDifferences: Matrix = pairedDifference(matrixOf(parity.a), matrixOf(parity.b));

/** Its 200 × 25 signs. */
export const paritySigns: Matrix = matrixOf(parity.signs);

/** Its units that have a t: all but 0 and 1. */
export const testedUnits: readonly number[] = Array.from({ length: 38 }, (_, place) => place + 2);

/** Asserts values equal to 1e-10 relative (or another tolerance), skipping the places where none is expected. */
export function expectClose(
  actual: ArrayLike<number>,
  expected: readonly (number | null)[],
  tolerance = 1e-10,
): void {
  expect(actual.length).toBe(expected.length);
  for (const [place, value] of expected.entries()) {
    if (value === null) continue;
    const got = actual[place] ?? NaN;
    if (got === value) continue; // infinite ones, too
    const difference = Math.abs(got - value);
    expect(difference <= tolerance * Math.abs(value), `place ${place}: ${got} instead of ${value}`).toBe(
      true,
    );
  }
}

/** The first rows of a matrix. */
export function firstRows({ data, shape: [, columns] }: Matrix, rows: number): Matrix {
  return { data: data.slice(0, rows * columns), shape: [rows, columns] };
}

/** Some columns of a matrix. */
export function columnsOf({ data, shape: [rows, columns] }: Matrix, chosen: readonly number[]): Matrix {
  return {
    data: Float64Array.from({ length: rows * chosen.length }, (_, at) => {
      const row = Math.floor(at / chosen.length);
      return data[row * columns + (chosen[at % chosen.length] ?? NaN)] ?? NaN;
    }),
    shape: [rows, chosen.length],
  };
}

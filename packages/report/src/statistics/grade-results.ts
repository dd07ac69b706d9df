import {
  type GradeCorrelation,
  gradeCorrelation,
  gradeCorrelationNull,
  type Matrix,
  type NullOverUnits,
} from "@measure-plantain/paired-stats";
import type { PromptSet } from "@measure-plantain/prompts";
import type { FlipOptions } from "./flip-options.ts";

/** How the units of one granularity follow the grades of the pairs. */
export interface GradeResult {
  /** Spearman's ρ of each unit's difference with the grade. */
  readonly correlation: GradeCorrelation;
  /** The counts over the thresholds of |ρ| and the greatest |ρ| against sign flips; `null` if no unit varies. */
  readonly signFlip: NullOverUnits | null;
}

/** A rank correlation over fewer pairs says nothing. */
const LEAST_PAIRS = 4;
/** Units are counted whose |ρ| is strictly greater. */
const THRESHOLDS = [0.5];
/** Random flips where the other nulls take every labelling: ranks are sorted anew under each. */
const FLIPS_BESIDE_EXACT = 1_000;

/**
 * The grades of a set's pairs, in their order; `null` if the set is crossed, or not graded: a pair lacks its grade, all grades
 * are equal, or there are fewer than four pairs.
 */
export function readGrades({
  pairs,
  factors,
}: Pick<PromptSet, "pairs" | "factors">): readonly number[] | null {
  if (factors !== undefined) return null; // the levels of its graded factor say more than their differences
  const grades = pairs.flatMap(({ grade }) => grade ?? []);
  const isGraded = grades.length === pairs.length && pairs.length >= LEAST_PAIRS;
  return isGraded && new Set(grades).size > 1 ? grades : null;
}

/**
 * Holds the differences [pairs, units] against the grades of the pairs: the rank correlation of each unit, and what all
 * of them show when the signs of the differences about their mean are flipped pair by pair.
 *
 * @throws PairedStatsError for fewer than three pairs or grades that are equal. An aborted signal rejects with its reason.
 */
export async function followGrades(
  differences: Matrix,
  grades: readonly number[],
  { flips, seed, signal, onProgress }: FlipOptions,
): Promise<GradeResult> {
  const method = "spearman";
  const correlation = gradeCorrelation(differences, grades, { method });
  const isStill = correlation.degenerateUnits.length === differences.shape[1];
  return {
    correlation,
    signFlip: isStill
      ? null
      : await gradeCorrelationNull(differences, grades, {
          method,
          thresholds: THRESHOLDS,
          flips: flips === "exact" ? FLIPS_BESIDE_EXACT : flips,
          seed,
          ...(signal !== undefined && { signal }),
          onProgress,
        }),
  };
}

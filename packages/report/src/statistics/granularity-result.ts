import type { Matrix, PairedT, SignFlipNull } from "@measure-plantain/paired-stats";
import type { GranularityName, UnitRecord } from "@measure-plantain/probe";
import type { CorrectedP } from "./corrected-p.ts";
import type { GradeResult } from "./grade-results.ts";

/** The units of one granularity and their statistics, each array in the order of the records. */
export interface GranularityResult {
  /** What its units are. */
  readonly name: GranularityName;
  /** Which units they are. */
  readonly records: readonly UnitRecord[];
  /** Root mean squares, b − a [pairs, units]. */
  readonly differences: Matrix;
  /** Mean root mean square of each unit over the pairs, under each condition. */
  readonly conditionMeans: { readonly a: Float64Array; readonly b: Float64Array };
  /** The paired t of each unit. */
  readonly pairedT: PairedT;
  /** `null` if no unit varies between the pairs, so that there is nothing to test. */
  readonly signFlip: SignFlipNull | null;
  /** p-values corrected for the number of units; `null` with `signFlip`. */
  readonly corrected: CorrectedP | null;
  /** How the differences follow the grades of the pairs; `null` if the set is not graded, and for segments. */
  readonly grades: GradeResult | null;
  /** Addresses of the units whose differences are all equal. */
  readonly degenerateUnits: readonly string[];
}

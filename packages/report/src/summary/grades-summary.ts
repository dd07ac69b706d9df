import type { Analysis } from "../statistics/analyze-captures.ts";
import type { GranularityResult } from "../statistics/granularity-result.ts";
import type { GradeResult } from "../statistics/grade-results.ts";
import type { GranularityName } from "@measure-plantain/probe";
import {
  channelsPerUnit,
  summarizeTested,
  summarizeThresholds,
  type TestedSummary,
  type ThresholdSummary,
} from "./granularity-summary.ts";
import { itemAt, valueAt } from "../reading.ts";

/** Whether the responses follow the grades of the pairs. */
export interface GradesSummary {
  /** Ranks are correlated. */
  readonly method: "spearman";
  /** The grade of each pair, in the order of the set. */
  readonly grades: readonly number[];
  /** Random sign flips of the null; the other nulls may have more. */
  readonly labellings: number;
  /** Of the random sign flips. */
  readonly seed: number;
  /** The units of each granularity. */
  readonly granularities: readonly GranularityGrades[];
}

/** The units of one granularity against the grades. */
export interface GranularityGrades {
  /** What its units are. */
  readonly name: GranularityName;
  /** Channels per unit; `null` if they differ. */
  readonly channelsPerUnit: number | null;
  /** Units that vary between the pairs. */
  readonly testedUnits: number;
  /** The number of units over each threshold of |ρ|; empty if nothing varies. */
  readonly thresholds: readonly ThresholdSummary[];
  /** The greatest |ρ|; `null` if nothing varies. */
  readonly maximum: GradeMaximum | null;
}

/** The greatest |ρ|. */
export interface GradeMaximum extends TestedSummary {
  /** The unit that has it. */
  readonly address: string;
  /** The same with its sign. */
  readonly rho: number;
}

/** How the units follow the grades, in brief; `null` if the set is not graded. */
export function summarizeGrades({ granularities, grades, seed }: Analysis): GradesSummary | null {
  if (grades === null) return null;
  const parts = granularities.flatMap((granularity) =>
    granularity.grades === null ? [] : [{ granularity, result: granularity.grades }],
  );
  return {
    method: "spearman",
    grades,
    labellings: parts.find(({ result }) => result.signFlip !== null)?.result.signFlip?.labellings ?? 0,
    seed,
    granularities: parts.map(({ granularity, result }) => summarizeGranularityGrades(granularity, result)),
  };
}

function summarizeGranularityGrades(
  { name, records }: GranularityResult,
  { correlation: { r, degenerateUnits }, signFlip }: GradeResult,
): GranularityGrades {
  const testedUnits = records.length - degenerateUnits.length;
  const strongest = r.reduce(
    (most, rho, unit) => (Math.abs(rho) > Math.abs(valueAt(r, most)) ? unit : most),
    0,
  );
  return {
    name,
    channelsPerUnit: channelsPerUnit(records),
    testedUnits,
    thresholds: summarizeThresholds(signFlip, testedUnits),
    maximum:
      signFlip === null
        ? null
        : {
            address: itemAt(records, strongest).address,
            rho: valueAt(r, strongest),
            ...summarizeTested(signFlip.maximum),
          },
  };
}

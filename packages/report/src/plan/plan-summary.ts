import type { Criterion, PlanDeparture } from "@measure-plantain/probe";

/** What came of the plan that a run began with. */
export interface PlanSummary {
  /** When it says that it was written, ISO 8601. */
  readonly createdAt: string;
  /** When the run began, ISO 8601. */
  readonly startedAt: string;
  /** Of the plan file. */
  readonly sha256: string;
  /** Whether every criterion is met. */
  readonly isMet: boolean;
  /** The criteria of its decision. */
  readonly criteria: readonly CriterionResult[];
  /** What the planner says of the decision in words, which no program checks. */
  readonly text: readonly string[];
  /** In what the run departs from it. */
  readonly departures: readonly PlanDeparture[];
}

/** A criterion of a plan, and whether a run meets it. */
export interface CriterionResult {
  /** As it was planned. */
  readonly criterion: Criterion;
  /** Whether it is met; it is not if it cannot be decided. */
  readonly isMet: boolean;
  /** What it was decided by; `null` if the run does not have it, because nothing varies or the control was not run. */
  readonly figures: CriterionFigures | null;
}

/** The numbers that a criterion compares; each kind of criterion has some of them. */
export interface CriterionFigures {
  /** Units of the run over the threshold. */
  readonly observed?: number;
  /** The 99th percentile of their null. */
  readonly nullP99?: number;
  /** Units of the control over the threshold. */
  readonly control?: number;
  /** Of the strongest unit, family-wise; or of the units over the threshold by the difference of both contrasts. */
  readonly p?: number;
}

export {
  rankStability,
  type BlockStability,
  type RankStability,
  type RankStabilityOptions,
} from "./blocks/rank-stability.ts";
export {
  strongestBlockNull,
  type BlockNull,
  type StrongestBlockNull,
  type StrongestBlockNullOptions,
} from "./blocks/strongest-block-null.ts";
export {
  summarizeByBlock,
  type BlockSummary,
  type SummarizeByBlockOptions,
} from "./blocks/summarize-by-block.ts";
export { axisNull, type AxisNull, type AxisNullOptions, type SetAxis } from "./axis/axis-null.ts";
export type { FirstComponent } from "./axis/first-component.ts";
export { cohensDzInterval, type CohensDzIntervalOptions } from "./cohens-dz-interval.ts";
export {
  consistencyNull,
  type ConsistencyNull,
  type ConsistencyNullOptions,
  type SetConsistency,
} from "./crossed/consistency-null.ts";
export type { CrossedDesign } from "./crossed/crossed-design.ts";
export { crossedEffects, type CrossedEffects, type FTest } from "./crossed/crossed-effects.ts";
export {
  levelOrderNull,
  type LevelOrderNull,
  type LevelOrderNullOptions,
} from "./crossed/level-order-null.ts";
export { objectSlopes } from "./crossed/object-slopes.ts";
export type { Transfer } from "./crossed/transfer.ts";
export {
  transferNull,
  type LevelShuffle,
  type SetTransfer,
  type TransferNull,
  type TransferNullOptions,
} from "./crossed/transfer-null.ts";
export { describePairedT, describeSignFlipNull } from "./describe.ts";
export { studentCriticalValue, studentTwoSidedP } from "./distributions/student-t.ts";
export { exactSignFlipP, type ExactSignFlipPOptions } from "./flips/exact-sign-flip-p.ts";
export { MOST_PAIRS_ENUMERATED, type SignMatrix } from "./flips/labellings.ts";
export type { NullDistribution, Tested } from "./flips/null-distribution.ts";
export type { ComputingOptions, Progress } from "./flips/score-labellings.ts";
export {
  signFlipNull,
  type SignFlipNull,
  type SignFlipNullOptions,
  type SignFlipOptions,
  type ThresholdNull,
} from "./flips/sign-flip-null.ts";
export { addGrams } from "./grams/add-grams.ts";
export { centreGrams } from "./grams/centre-grams.ts";
export { gramMatrices, type ChannelRange, type GramMatricesOptions } from "./grams/gram-matrices.ts";
export type { GramMatrices } from "./grams/grams.ts";
export type { TestedSet } from "./grams/null-over-sets.ts";
export type { Matrix } from "./matrix.ts";
export { matrixFromRows } from "./matrix-from-rows.ts";
export {
  adjustPValues,
  type AdjustmentMethod,
  type AdjustPValuesOptions,
} from "./multiplicity/adjust-p-values.ts";
export { singleStepMaxT, stepDownMaxT } from "./multiplicity/max-t.ts";
export { tailP, type TailP, type TailPOptions } from "./multiplicity/tail-p.ts";
export { pairedDifference } from "./paired-difference.ts";
export { pairedT, type ConfidenceInterval, type PairedT, type PairedTOptions } from "./paired-t.ts";
export {
  PairedStatsError,
  type PairedStatsErrorCode,
  type PairedStatsErrorDetails,
} from "./paired-stats-error.ts";
export { covariateSignFlipNull, covariateT, type CovariateT } from "./regression/covariate.ts";
export {
  gradeCorrelation,
  gradeCorrelationNull,
  type CorrelationMethod,
  type GradeCorrelation,
  type GradeCorrelationNullOptions,
  type GradeCorrelationOptions,
} from "./regression/grade-correlation.ts";
export type { NullOverUnits, NullOverUnitsOptions } from "./regression/null-over-units.ts";
export { correlateUnits } from "./reliability/correlate-units.ts";
export type { HalvingOptions } from "./reliability/halves.ts";
export {
  splitHalfReliability,
  type Reliability,
  type SplitHalf,
  type SplitHalfOptions,
} from "./reliability/split-half.ts";
export {
  retestTopUnits,
  splitSampleEffect,
  topUnitOverlap,
  type SplitSampleEffect,
  type TopUnitOverlap,
} from "./reliability/top-units.ts";
export { float32Resolution } from "./resolution.ts";
export { selectPairs, selectUnits } from "./select.ts";
export { splitConditions, type PairedMeasurements } from "./split-conditions.ts";
export { averageDifferences } from "./variance/average-differences.ts";
export type { CrossedFactor } from "./variance/crossing.ts";
export {
  leaveOneLevelOut,
  type LeaveOneLevelOut,
  type LeaveOneLevelOutOptions,
  type LevelLeftOut,
  type LevelSurvivors,
} from "./variance/leave-one-level-out.ts";
export {
  varianceComponents,
  type VarianceComponent,
  type VarianceComponents,
} from "./variance/variance-components.ts";

export { renderFigureFiles } from "./page/draw-when-asked.ts";
export type { FigureFile } from "./page/figures/render-figure-files.ts";
export { describeCriterion } from "./plan/describe-plan.ts";
export type { CriterionFigures, CriterionResult, PlanSummary } from "./plan/plan-summary.ts";
export { ReportError, type ReportErrorCode, type ReportErrorOptions } from "./report-error.ts";
export type { Analysis, SegmentResult } from "./statistics/analyze-captures.ts";
export type { GranularityResult } from "./statistics/granularity-result.ts";
export type { AnalyzeOptions, FolderResults } from "./statistics/analyze-folder.ts";
export { analyzeRun } from "./statistics/analyze-run.ts";
export type { BlockResult, StrongestBlockResult } from "./statistics/block-results.ts";
export type {
  DifferenceOfContrasts,
  GranularityComparison,
  TestedInBrief,
} from "./statistics/compare-analyses.ts";
export { compareRuns, type RunComparison } from "./statistics/compare-runs.ts";
export type { CorrectedP } from "./statistics/corrected-p.ts";
export type { AxisResult } from "./statistics/axis/analyze-axis.ts";
export type { CrossedGranularity, UnitResponse } from "./statistics/crossed/analyze-crossed.ts";
export type { ResponseKind, TransferFamily, TransferResult } from "./statistics/crossed/analyze-transfer.ts";
export type { CrossedResult } from "./statistics/crossed/crossed-result.ts";
export type { FixedImage } from "./statistics/fixed-images.ts";
export { DEFAULT_STATISTICS } from "./statistics/default-statistics.ts";
export { DEFAULT_FLIPS, findFlipsProblem, type Flips } from "./statistics/flips.ts";
export type { GradeResult } from "./statistics/grade-results.ts";
export type { HalvesResult } from "./statistics/reliability.ts";
export type { TopUnitsResult } from "./statistics/top-units.ts";
export type { ReplicateResult } from "./statistics/replicate-results.ts";
export type {
  FactorLeftOut,
  FactorName,
  NoiseLevelResult,
  RandomFactorsResult,
  RandomThreshold,
  RepetitionsResult,
} from "./statistics/repetition-results.ts";
export type { RunDifference } from "./statistics/run-differences.ts";
export type { ControlResults, RunResults } from "./statistics/run-results.ts";
export type { PlantScore } from "./statistics/score-plant.ts";
export type { BlockRow, StrongestBlockSummary } from "./summary/block-summary.ts";
export type { AxisSummary, SetAxisSummary, TestedInSet } from "./summary/axis-summary.ts";
export type { ConfoundRow, ConfoundsSummary, ReportedConfound } from "./summary/confounds.ts";
export type {
  AxisVerdict,
  CrossedSummary,
  GranularityCrossed,
  SetTransferSummary,
  TransferSummary,
} from "./summary/crossed-summary.ts";
export type { GradeMaximum, GradesSummary, GranularityGrades } from "./summary/grades-summary.ts";
export type {
  GranularitySummary,
  MaximumSummary,
  Survivors,
  TestedSummary,
  ThresholdSummary,
  UnitRow,
} from "./summary/granularity-summary.ts";
export type {
  AuditSummary,
  Conclusions,
  ControlGranularity,
  ControlKind,
  ControlSummary,
  DistanceSummary,
  HalvesSummary,
  Notice,
  ReplicateSummary,
  SegmentSummary,
  Summary,
  TokenLengthSummary,
  TopUnitsSummary,
} from "./summary/summary.ts";
export type {
  FactorLeftOutSummary,
  RandomFactorsSummary,
  RandomThresholdSummary,
  RepetitionsSummary,
} from "./summary/repetitions-summary.ts";
export type { SummaryContext } from "./summary/summary-context.ts";
export { describeRarity, type RarityNames } from "./text/describe-rarity.ts";
export type { FormatCommands, ReproducedRun } from "./text/describe-results.ts";
export { formatAblation } from "./text/format-ablation.ts";
export { formatSteering } from "./text/format-steering.ts";
export { formatComparisons } from "./text/format-comparisons.ts";
export { formatPlantScore } from "./text/format-plant.ts";
export { formatSummaryTable } from "./text/summary-table.ts";
export type { VerifiedItem } from "./verified-item.ts";
export { verifyRun, type VerifyOptions } from "./verify-run.ts";
export { readFlips, writePage, writeResults, type WriteOptions } from "./write-results.ts";

export { ablateUnits, type AblateOptions } from "./ablation/ablate-units.ts";
export { readAblation } from "./ablation/ablation-file.ts";
export {
  type Ablation,
  ABLATION_FILE,
  type AblationFold,
  ablationGranularities,
  type AblationGranularity,
  type AblationMethod,
  ablationMethods,
  type AblationRanking,
  ablationRankings,
  type AblationSettings,
  type AblationStatistic,
  ablationStatistics,
  type ResampledFrom,
  type SetAblation,
  type SetEffects,
  type SetTest,
} from "./ablation/ablation.ts";
export { findCheckpoint, type FindCheckpointOptions } from "./ablation/find-checkpoint.ts";
export { verifyAblation } from "./ablation/verify-ablation.ts";
export { auditPrompts, type AuditPromptsOptions } from "./audit/audit-prompts.ts";
export {
  type CutPrompts,
  describeCutPairs,
  describeCutRenderPrompts,
  findCutRenderPrompts,
  type RenderedPrompt,
  requireContrast,
} from "./audit/cut-prompts.ts";
export { readWordCounts, type WordCounts, type WordCountsRecord } from "./audit/word-counts.ts";
export {
  type ChannelRange,
  type ChannelSets,
  listChannelSets,
  type SetFamily,
  type SetKind,
  wholeSet,
} from "./captures/channel-sets.ts";
export {
  type Captures,
  type ChannelMeans,
  type Granularity,
  type GranularityName,
  type MeanSquares,
  type PromptEmbeddings,
  type ReplicateSquares,
  splitByGranularity,
} from "./captures/granularities.ts";
export { type OptionalTap, optionalTaps } from "./captures/plan-taps.ts";
export { type SegmentName, segmentNames } from "./captures/token-segments.ts";
export { countPasses } from "./controls/count-passes.ts";
export { type Control, parseControls } from "./controls/parse-controls.ts";
export type { PlantKind } from "./controls/plant/draw-answers.ts";
export type { PlantedUnit, PlantPlan } from "./controls/plant/plan-plant.ts";
export { readPlant } from "./controls/plant/planted-checkpoint.ts";
export type { PlanRecord } from "./plan-file/plan-record.ts";
export { openRun } from "./open-run.ts";
export { referenceName } from "./passes/prepare-references.ts";
export {
  createPlanFile,
  defaultCriteria,
  type DefaultCriteriaOptions,
  type PlanFileOptions,
} from "./plan-file/create-plan-file.ts";
export {
  findPlanDepartures,
  type FoundControl,
  type FoundRun,
  type PlanDeparture,
} from "./plan-file/find-plan-departures.ts";
export { followPlanFile } from "./plan-file/follow-plan-file.ts";
export {
  type Criterion,
  type FreeSetting,
  freeSettings,
  PLAN_FILE,
  type PlanFile,
  type PlannedControl,
  type PlannedDecision,
  type PlannedReferences,
  type PlannedSettings,
  type PlannedStatistics,
  type PlanSources,
  type StoredPlan,
} from "./plan-file/plan-file.ts";
export { readPlanFile, writePlanFile } from "./plan-file/read-plan-file.ts";
export { type PlanOptions, planProbe, type ProbePlan } from "./plan-probe.ts";
export { ProbeError, type ProbeErrorCode, type ProbeErrorOptions } from "./probe-error.ts";
export type { ProbeNote, ProgressOptions } from "./reporter.ts";
export { type ChangedCaptures, findChangedCaptures } from "./run-folder/changed-captures.ts";
export { findCaptureProblem, unitsFile } from "./run-folder/find-capture-problem.ts";
export type { Manifest, StageRecord } from "./run-folder/manifest.ts";
export { mergeShards } from "./run-folder/merge-shards.ts";
export { readCaptures } from "./run-folder/read-captures.ts";
export { CONTROLS_FOLDER, RunFolder } from "./run-folder/run-folder.ts";
export { runProbe, type RunOptions } from "./run-probe.ts";
export type { SettingOptions } from "./settings/choose-settings.ts";
export type { FileFingerprint } from "./settings/fingerprint-checkpoint.ts";
export type { CheckpointChange, ProbedCheckpoint } from "./settings/probed-checkpoint.ts";
export { namePrompts, type PromptsRecord } from "./settings/prompts-record.ts";
export {
  listReplicates,
  type NuisanceSettings,
  type ReplicatedSettings,
  type Replicate,
} from "./settings/replicates.ts";
export {
  type CaptureKind,
  captureKinds,
  differingSettings,
  hashPromptSet,
  type ProbeSettings,
  type ReferenceSettings,
} from "./settings/settings.ts";
export { formatShard, isPart, parseShard, type Shard, shardPairs } from "./settings/shard.ts";
export { sha256 } from "./sha256.ts";
export { readSteering } from "./steering/steering-file.ts";
export {
  openSteeredPipeline,
  type SteeredPipeline,
  type SteeredPipelineOptions,
} from "./steering/steered-pipeline.ts";
export { type SteerOptions, steerRun } from "./steering/steer-run.ts";
export {
  type RenderingSettings,
  type SteeredImage,
  type SteeredSet,
  type Steering,
  STEERING_FILE,
  STEERING_FOLDER,
  type SteeringSettings,
} from "./steering/steering.ts";
export { verifySteering } from "./steering/verify-steering.ts";
export type { OnProgress, Progress } from "@measure-plantain/flux-runtime";
export type { UnitRecord } from "@measure-plantain/head-hooks";

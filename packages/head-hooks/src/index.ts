export type { Activation } from "./activations/activation.ts";
export type {
  ActivationLayout,
  ActivationTap,
  ActivationTapOptions,
  EditInputs,
} from "./activations/activation-tap.ts";
export { type ActivationEdit, editFeeds, type EditFeed, type EditValues } from "./activations/edit-feeds.ts";
export { listActivations } from "./activations/list-activations.ts";
export { readActivations } from "./activations/read-activations.ts";
export { tapActivations, type TappedModel } from "./activations/tap-activations.ts";
export type { AttentionRole } from "./attention/attention-core.ts";
export { type AttentionTapOptions, attentionTaps, projectionTaps } from "./attention/attention-taps.ts";
export {
  type AttentionProjection,
  type ChannelPart,
  findAttentionProjections,
} from "./attention/find-attention.ts";
export type { ProjectionPattern } from "./attention/match-projections.ts";
export type { Projection, ProjectionOperator } from "./attention/projection.ts";
export { listProjections } from "./attention/projections.ts";
export type { HeadSpec, SectionSpec, TapSpec } from "./attention/tap-spec.ts";
export type { ScaleOptions } from "./capture/scale-nodes.ts";
export type { ElementType } from "./graph/element-types.ts";
export { HeadHooksError, type HeadHooksErrorCode, type HeadHooksErrorDetails } from "./head-hooks-error.ts";
export { type HookedModel, hookModel } from "./hook/hook-model.ts";
export type { HookOptions, RangeType, SegmentOptions } from "./hook/hook-options.ts";
export { listTaps, type TapRecord } from "./hook/list-taps.ts";
export { headMeanSquares, headReductions, type CapturedValues } from "./units/head-mean-squares.ts";
export { poolSegments, type SegmentRanges } from "./units/pool-segments.ts";
export { type ModelOutput, readCapture, readChannelMeans } from "./units/read-capture.ts";
export type { Reduction } from "./units/reductions.ts";
export { formatUnitAddress, isUnitPath, parseUnitAddress, type UnitAddress } from "./units/unit-address.ts";
export { type UnitFactors, unitFactors } from "./units/unit-factors.ts";
export { unitOffsets } from "./units/unit-offsets.ts";
export {
  headRecords,
  type LayoutHeads,
  type LayoutSection,
  type LayoutTap,
  type UnitLayout,
  type UnitRecord,
  unitRecords,
  type UnitTable,
  unitTable,
} from "./units/unit-layout.ts";

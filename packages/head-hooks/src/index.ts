export { attentionTaps, type AttentionTapOptions, projectionTaps } from "./attention/attention-taps.ts";
export {
  type AttentionProjection,
  type ChannelPart,
  findAttentionProjections,
} from "./attention/find-attention.ts";
export { HeadHooksError, type HeadHooksErrorCode, type HeadHooksErrorDetails } from "./head-hooks-error.ts";
export { headMeanSquares, headReductions, type MeanSquares } from "./units/head-mean-squares.ts";
export { type HookedModel, hookModel, type HookOptions, type SegmentOptions } from "./hook/hook-model.ts";
export { type HookedModelFile, hookModelFile } from "./hook/hook-model-file.ts";
export { listTaps, type TapRecord } from "./hook/list-taps.ts";
export { poolSegments, type SegmentRanges } from "./units/pool-segments.ts";
export {
  type ElementType,
  listProjections,
  type Projection,
  type ProjectionOperator,
} from "./attention/projections.ts";
export type { ProjectionPattern } from "./attention/match-projections.ts";
export { type ModelOutput, readCapture } from "./units/read-capture.ts";
export type { Reduction } from "./units/reductions.ts";
export type { ScaleOptions } from "./capture/scale-nodes.ts";
export { unitFactors, type UnitFactors } from "./units/unit-factors.ts";
export type { HeadSpec, SectionSpec, TapSpec } from "./capture/select-taps.ts";
export { formatUnitAddress, isUnitPath, parseUnitAddress, type UnitAddress } from "./units/unit-address.ts";
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

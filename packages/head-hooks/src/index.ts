export { attentionTaps, type AttentionTapOptions, projectionTaps } from "./attention-taps.ts";
export { type AttentionProjection, type ChannelPart, findAttentionProjections } from "./find-attention.ts";
export { HeadHooksError, type HeadHooksErrorCode, type HeadHooksErrorDetails } from "./head-hooks-error.ts";
export { headMeanSquares, headReductions, type MeanSquares } from "./head-mean-squares.ts";
export { type HookedModel, hookModel, type HookOptions, type SegmentOptions } from "./hook-model.ts";
export { type HookedModelFile, hookModelFile } from "./hook-model-file.ts";
export { listTaps, type TapRecord } from "./list-taps.ts";
export { poolSegments, type SegmentRanges } from "./pool-segments.ts";
export {
  type ElementType,
  listProjections,
  type Projection,
  type ProjectionOperator,
} from "./projections.ts";
export type { ProjectionPattern } from "./match-projections.ts";
export { type ModelOutput, readCapture } from "./read-capture.ts";
export type { Reduction } from "./reductions.ts";
export type { ScaleOptions } from "./scale-nodes.ts";
export { unitFactors, type UnitFactors } from "./unit-factors.ts";
export type { HeadSpec, SectionSpec, TapSpec } from "./select-taps.ts";
export { formatUnitAddress, isUnitPath, parseUnitAddress, type UnitAddress } from "./unit-address.ts";
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
} from "./unit-layout.ts";

import { planHooks } from "./plan-hooks.ts";
import type { Reduction } from "../units/reductions.ts";
import type { ScaleOptions } from "../capture/scale-nodes.ts";
import type { TapSpec } from "../capture/select-taps.ts";
import { joinBytes, spliceModel } from "../graph/splice-model.ts";
import type { UnitLayout } from "../units/unit-layout.ts";

/** What to capture. */
export interface HookOptions {
  /**
   * The projections whose inputs are captured; units stand in this order. Default: every attention output projection
   * that is found by structure, as `attentionTaps(model)`.
   */
  readonly taps?: readonly TapSpec[];
  /** Channels per unit. Default: the most that fit every head, and every section without heads. */
  readonly groupSize?: number;
  /** What is computed of each unit. Default `meanSquare`. */
  readonly reduction?: Reduction;
  /** Name of the graph output that is added. Default `mean_square`, `rms`, `mean` or `abs_max`. */
  readonly outputName?: string;
  /** Keep a value for each token: the output is [B, S, units]. All taps must see equally many tokens then. */
  readonly perToken?: boolean;
  /**
   * A value of the model [B, S], such as its input `attention_mask`, that is 0 for tokens to leave out. If it is
   * longer, as with a key-value cache, its last entries count. With `perToken` the values left out are 0.
   */
  readonly maskInput?: string;
  /**
   * Multiply each tapped tensor by a factor per unit on its way into the projection, given at run time. With all
   * factors 1 the model's outputs keep every bit. What is captured is the tensor before. `true` stands for
   * `{ input: "scale" }`; `unitFactors` makes the tensor.
   */
  readonly scale?: boolean | ScaleOptions;
  /**
   * Capture each segment of the tokens on its own, with ranges given at run time. `true` stands for
   * `{ input: "segments" }`; with a `count` the runtime checks the number of ranges.
   */
  readonly segments?: boolean | SegmentOptions;
  /**
   * For tapped tensors without a batch axis of their own ([B·S, C], as Gemm takes them, windows [B·windows, S, C], or
   * tensors of more axes): a value, such as a graph input, whose first axis is the batch. Rows of one batch item must
   * be adjacent, except behind attention whose order of tokens and batch the graph shows. Default: the first axis of
   * each tensor; if these differ, the one input of a model that takes one batch item.
   */
  readonly batchInput?: string;
  /**
   * The model's own outputs to keep: all of them, none, or those named. Every node and weight that only the others
   * needed is dropped, such as the last block's output projection and what follows it, which ONNX Runtime would compute
   * for nothing. The inputs stay, so that a run is fed as before. Default `true`: all. To capture something else later,
   * hook the original model: what was dropped can no longer be tapped.
   */
  readonly keepOutputs?: boolean | readonly string[];
}

/** Settings of the segments. */
export interface SegmentOptions {
  /** The graph input with the ranges, for taps that do not name their own. Default `segments`. */
  readonly input?: string;
  /** The number of segments, K. Default: any, the same for all taps of a run. */
  readonly count?: number;
}

/** What {@link hookModel} returns. */
export interface HookedModel {
  /** The hooked model; the input itself if it was hooked like this already. */
  readonly model: Uint8Array;
  /** Whether `model` differs from the one that was given. */
  readonly modified: boolean;
  /** Where each unit stands in the capture. */
  readonly layout: UnitLayout;
}

/**
 * Add an output to an ONNX model that holds a reduction of each unit, the mean square by default: of each group of
 * `groupSize` channels of the inputs of the projections that `taps` names.
 *
 * The output is float32, [B, units]: over the tokens and over the unit's channels. With segments it is [B, K, units],
 * over the tokens in each range, and 0 where a range holds none; per token it is [B, S, units]. Each segments input is
 * int64 [K, 2], rows `[start, stop)` along the token axis; what lies outside the token axis is left out.
 *
 * Requires: tapped tensors [B, S, C] of float32, float16, bfloat16 or float64, tensors [B·S, C] that were reshaped
 * from such, or a `batchInput`.
 * Ensures: the model's own nodes, weights and outputs keep their bytes, except that calls of local functions with a
 * tap inside are written out, and that with `scale` the readers of tapped tensors read the scaled ones; a model that
 * was hooked with the same options is returned as it is. With `keepOutputs` what is kept keeps its bytes, its order and
 * the values that it computes; a note in the model's metadata tells a later call what was done. External weights are neither read nor rewritten.
 *
 * @throws HeadHooksError for a malformed model, a pattern that matches nothing, units that do not fit, a name that
 *   is taken; see its `code`.
 * @example
 * ```ts
 * const everyHead = hookModel(bytes);
 * const { model, layout } = hookModel(bytes, {
 *   taps: [{ at: "blocks.*.attn.to_out", path: "{1}.to_out", heads: { path: "{1}", size: 128 } }],
 *   groupSize: 16,
 * });
 * ```
 */
export function hookModel(model: Uint8Array, options: HookOptions = {}): HookedModel {
  const { view, additions, layout } = planHooks(model, options);
  if (additions === undefined) return { model, modified: false, layout };
  return { model: joinBytes(spliceModel(view, additions)), modified: true, layout };
}

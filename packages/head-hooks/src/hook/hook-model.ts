import { joinBytes, spliceModel } from "../graph/splice-model.ts";
import type { UnitLayout } from "../units/unit-layout.ts";
import type { HookOptions } from "./hook-options.ts";
import { planHooks } from "./plan-hooks.ts";

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

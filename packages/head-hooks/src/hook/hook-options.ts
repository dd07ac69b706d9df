import type { TapSpec } from "../attention/tap-spec.ts";
import type { ScaleOptions } from "../capture/scale-nodes.ts";
import type { Reduction } from "../units/reductions.ts";

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
  /**
   * Add a second output, `channel_mean` [B, channels] in float32: the mean of every channel of the tapped tensors over
   * all tokens, whichever of them segments or a mask choose. Channels stand in the order of the units: unit u holds
   * those from u · `groupSize` on. Both outputs are reduced from one reading of a tapped tensor, which stays in memory
   * for neither. Default `false`.
   */
  readonly channelMeans?: boolean;
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
   * `{ input: "scale" }`; `unitFactors` makes the tensor. With an `offset`, values are added to the channels afterwards,
   * so that a unit can be replaced by a mean or by another pass.
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

/** In what type token ranges are given. */
export type RangeType = "int64" | "float32";

/** Settings of the segments. */
export interface SegmentOptions {
  /** The graph input with the ranges, for taps that do not name their own. Default `segments`. */
  readonly input?: string;
  /** The number of segments, K. Default: any, the same for all taps of a run. */
  readonly count?: number;
  /**
   * The type of the ranges. Default `int64`. With `float32` tokens are counted in float32 too, exactly up to 2^24: for
   * providers that have no kernels for integers, as ONNX Runtime's WebGPU, which would leave those nodes to the CPU.
   */
  readonly rangeType?: RangeType;
}

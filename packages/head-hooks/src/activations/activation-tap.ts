import type { Reduction } from "../units/reductions.ts";
import type { Activation } from "./activation.ts";

/** Which activations to tap, what to capture of them, and whether a run can change them. */
export interface ActivationTap {
  /**
   * The activations: a glob that matches the whole name (`*` within a segment, `**` across `.` and `/`), or a regular
   * expression, matched against `Activation.names`; or an activation that was listed.
   */
  readonly at: string | RegExp | Activation;
  /**
   * What each tap is called; it may hold `{1}`, `{name}` and `{0}`: what the pattern matched. Default: the activation's
   * `path`.
   */
  readonly name?: string;
  /**
   * What is captured: every value (`raw`), a reduction of them, or nothing (`none`), for what is only to be changed.
   * Default `raw`.
   */
  readonly capture?: "raw" | "none" | Reduction;
  /** The axes that a reduction is over, and drops; negative ones count from the last. Default `[1]`, the tokens of [B, S, C]. */
  readonly over?: readonly number[];
  /** How many neighbouring channels of the last axis a reduction takes together. Default 1: each channel is kept. */
  readonly groupSize?: number;
  /** Whether each run can replace the activation, or add to it, by inputs that `editFeeds` makes. Default `false`. */
  readonly edit?: boolean;
}

/** What to tap in a model. */
export interface ActivationTapOptions {
  /** What to tap; the captures are outputs of the model in this order. */
  readonly taps: readonly ActivationTap[];
  /** The model's own outputs to keep, as in `HookOptions.keepOutputs`. Default `true`: all. */
  readonly keepOutputs?: boolean | readonly string[];
}

/** One tapped activation. Plain data: `JSON.stringify` keeps all of it. */
export interface ActivationLayout {
  /** What the tap is called, once in a model. */
  readonly name: string;
  /** What is tapped, as `listActivations` has it. */
  readonly activation: Activation;
  /** The name of the graph output with the capture, float32; `null` if nothing is captured. */
  readonly output: string | null;
  /** What is captured. */
  readonly capture: "raw" | "none" | Reduction;
  /**
   * The axes of the output: for each its length, or the name of a symbol, or `null` where the graph does not show it; `null`
   * as a whole where it does not show how many there are, or nothing is captured.
   */
  readonly axes: readonly (number | string | null)[] | null;
  /** Channels of the last axis that were reduced together. */
  readonly groupSize: number;
  /** The names of the graph inputs by which a run changes the activation; `null` if there are none. */
  readonly edit: EditInputs | null;
}

/** The inputs of an edit; all of them take any shape that broadcasts to the activation's. */
export interface EditInputs {
  /** bool: where the activation is replaced. */
  readonly mask: string;
  /** float32: what it is replaced by there. */
  readonly replacement: string;
  /** float32: what is added to it afterwards, everywhere. */
  readonly addition: string;
}

import { graphScopes } from "../graph/graph-scope.ts";
import { inlineFunctions } from "../graph/inline-functions.ts";
import { type ModelView, readModel } from "../graph/read-model.ts";
import { findAdapterBranches } from "./adapter-branches.ts";
import { joinTwins } from "./branch-twins.ts";
import { type AxisRun, runLength } from "./head-axes.ts";
import type { Projection } from "./projection.ts";
import { projectionsIn } from "./projections.ts";
import { traceAttention, type TracedPart } from "./trace-attention.ts";

/** Input channels of a projection that come from one place. */
export interface ChannelPart {
  /**
   * Whether attention made them, or anything else, such as an MLP next to it; `mixed` if they are of both, or of
   * several attentions, and the graph does not show which is whose. Such a part takes no number of heads.
   */
  readonly kind: "attention" | "other" | "mixed";
  /** How many channels. */
  readonly channels: number;
  /** The number of heads that the channels hold; `null` where the graph does not show it, or they hold none. */
  readonly heads: number | null;
  /** Channels per head; `null` as `heads`. */
  readonly headSize: number | null;
  /**
   * Whether the graph shows that the channels are not whole heads one after the other, as where channels are merged
   * before heads, or heads are cut through. Such a part has no addresses of heads, and takes none; absent where its heads
   * are runs, or the graph does not show it.
   */
  readonly areHeadsScattered?: boolean;
}

/** A projection that takes the output of attention. */
export interface AttentionProjection extends Projection {
  /** What mixes the tokens: `Softmax`, or a fused operator, and its node. */
  readonly attention: { readonly op: string; readonly node: string };
  /** Where the input channels come from, in order. */
  readonly parts: readonly ChannelPart[];
}

/**
 * Find a model's attention output projections by the structure of the graph, whatever its names: those whose input
 * comes from a product of a softmax and values, or from a fused operator (com.microsoft MultiHeadAttention,
 * GroupQueryAttention, Attention and their kin, standard Attention), through transposes, reshapes, casts, slices,
 * gates and norms, alone or side by side with other channels.
 *
 * An adapter (LoRA) that is added to a projection belongs to it, and is not listed.
 *
 * A softmax counts if it weighs a product of two activations, so classifiers, recurrent networks and convolutions
 * have none. The number and size of the heads are read from the operator's attributes, from the shapes around the
 * attention and from how its result is transposed and reshaped; `null` where the graph does not show them for sure.
 *
 * @returns in the order of the graph; empty if the model has no attention.
 * @throws HeadHooksError `malformed-model` if the bytes are no ONNX model.
 * @example
 * ```ts
 * for (const { node, attention, parts } of findAttentionProjections(await readFile("model.onnx"))) {
 *   console.log(node, attention.op, parts[0].heads, parts[0].headSize);
 * }
 * ```
 */
export function findAttentionProjections(model: Uint8Array): AttentionProjection[] {
  return findAttention(inlineFunctions(readModel(model)));
}

/** {@link findAttentionProjections} of a model that was read already. */
export function findAttention(view: ModelView): AttentionProjection[] {
  const found = graphScopes(view).flatMap((scope) => {
    const projections = projectionsIn(scope);
    const adapters = new Set(
      projections.flatMap((projection) =>
        findAdapterBranches(scope, projection, projections).map(({ productIndex }) => productIndex),
      ),
    );
    return projections.flatMap((projection) => {
      if (adapters.has(projection.nodeIndex)) return [];
      const found = traceAttention(scope, projection);
      const core = found?.find((part) => part.core !== undefined)?.core;
      if (found === undefined || core === undefined) return [];
      const parts = settleParts(found, projection.inputChannels);
      return [{ ...projection, attention: { op: core.op, node: core.node }, parts }];
    });
  });
  return joinTwins(found);
}

/** The widths of all parts, which add up to the projection's, and the heads that they hold. */
function settleParts(traced: readonly TracedPart[], width: number): ChannelPart[] {
  const known = traced.flatMap(({ channels }) => channels ?? []);
  const rest = width - known.reduce((sum, channels) => sum + channels, 0);
  const unknown = traced.length - known.length;
  const isSettled = unknown === 0 ? rest === 0 : unknown === 1 && rest > 0;
  if (!isSettled) return [{ kind: "mixed", channels: width, heads: null, headSize: null }];
  return traced.map(({ core, channels = rest, runs = [], isMixed }) => {
    if (isMixed) return { kind: "mixed", channels, heads: null, headSize: null };
    if (core === undefined) return { kind: "other", channels, heads: null, headSize: null };
    return { kind: "attention", channels, ...settleHeads(runs, channels) };
  });
}

/**
 * The heads that channels hold, where these count heads and then the channels of one: a number that is unknown follows
 * from the other and the width.
 */
function settleHeads(runs: readonly AxisRun[], channels: number): Omit<ChannelPart, "kind" | "channels"> {
  const hidden = { heads: null, headSize: null };
  const isKnown = runs.length > 0 && runs.every(({ counts }) => counts !== "mixed");
  const [size, ...before] = [...runs].reverse();
  const areRuns = size?.counts === "channels" && before.every(({ counts }) => counts === "heads");
  if (!isKnown || size === undefined) return hidden;
  if (!areRuns) {
    const areShown = runs.length > 1 || size.counts === "parts";
    return areShown ? { ...hidden, areHeadsScattered: true } : hidden;
  }
  const heads = runLength(before) ?? channels / (size.length ?? NaN);
  const headSize = size.length ?? channels / heads;
  return Number.isInteger(heads) && Number.isInteger(headSize) && heads * headSize === channels
    ? { heads, headSize }
    : hidden;
}

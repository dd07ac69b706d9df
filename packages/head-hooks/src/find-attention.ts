import { type AttentionCore, attentionCore } from "./attention-core.ts";
import { channelWidth } from "./channel-width.ts";
import { askedShape, integerAttribute } from "./constant-values.ts";
import { type GraphScope, graphScopes, producerOf, statedShape } from "./graph-scope.ts";
import { inlineFunctions } from "./inline-functions.ts";
import { joinTwins } from "./branch-twins.ts";
import { type Projection, projectionsIn } from "./projections.ts";
import { type ModelView, readModel } from "./read-model.ts";

/** Input channels of a projection that come from one place. */
export interface ChannelPart {
  /** Whether attention made them, or anything else, such as an MLP beside it. */
  readonly kind: "attention" | "other";
  /** How many channels. */
  readonly channels: number;
  /** The number of heads that the channels hold; `null` where the graph does not show it, or they hold none. */
  readonly heads: number | null;
  /** Channels per head; `null` as `heads`. */
  readonly headSize: number | null;
}

/** A projection that takes the output of attention. */
export interface AttentionProjection extends Projection {
  /** What mixes the tokens: `Softmax`, or a fused operator, and its node. */
  readonly attention: { readonly op: string; readonly node: string };
  /** Where the input channels come from, in order. */
  readonly parts: readonly ChannelPart[];
}

/** Operators that pass attention's output on to a projection, with the inputs to follow. */
const PASSED: ReadonlyMap<string, readonly number[]> = new Map<string, readonly number[]>([
  ...["Identity", "Cast", "Dropout", "Reshape", "Transpose", "Squeeze", "Unsqueeze", "Flatten"].map(
    (op) => [op, [0]] as [string, readonly number[]],
  ),
  ...[
    "Slice",
    "Split",
    "QuantizeLinear",
    "DequantizeLinear",
    "DynamicQuantizeLinear",
    "HardSwish",
    "Clip",
  ].map((op) => [op, [0]] as [string, readonly number[]]),
  ...["LayerNormalization", "SimplifiedLayerNormalization", "RMSNormalization", "Div"].map(
    (op) => [op, [0]] as [string, readonly number[]],
  ),
  ["Mul", [0, 1]],
  ["Where", [1, 2]],
]);

const MAXIMUM_STEPS = 24;
const MAXIMUM_VISITS = 256;

/**
 * Find a model's attention output projections by the structure of the graph, whatever its names: those whose input
 * comes from a product of a softmax and values, or from a fused operator (com.microsoft MultiHeadAttention,
 * GroupQueryAttention, Attention and their kin, standard Attention), through transposes, reshapes, casts, slices,
 * gates and norms, alone or side by side with other channels.
 *
 * A softmax counts if it weighs a product of two activations, so classifiers, recurrent networks and convolutions
 * have none. The number and size of the heads are read from the operator's attributes, from the reshapes around the
 * attention and from stated shapes; `null` where the graph shows neither.
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
  const found = graphScopes(view).flatMap((scope) =>
    projectionsIn(scope).flatMap((projection) => {
      const found = traceAttention(scope, projection.input, { steps: 0, budget: { visits: 0 } });
      const core = found?.find((part) => part.core !== undefined)?.core;
      const parts = found === undefined ? undefined : settleParts(found, projection.inputChannels);
      if (core === undefined || parts === undefined) return [];
      return [{ ...projection, attention: { op: core.op, node: core.node }, parts }];
    }),
  );
  return joinTwins(found);
}

/** Channels on their way: from attention, or from elsewhere. */
interface TracedPart {
  readonly core: AttentionCore | undefined;
  readonly channels: number | undefined;
}

interface Trail {
  readonly steps: number;
  readonly budget: { visits: number };
}

/** Where a value's channels come from; `undefined` if none of them come from attention. */
function traceAttention(scope: GraphScope, value: string, trail: Trail): TracedPart[] | undefined {
  const found = producerOf(scope, value);
  if (found === undefined || trail.steps > MAXIMUM_STEPS || ++trail.budget.visits > MAXIMUM_VISITS)
    return undefined;
  const core = attentionCore(found, value);
  // Four axes [batch, heads, tokens, channels of a head] say nothing yet about the width after the merge.
  if (core !== undefined) {
    const isMerged = core.op !== "Softmax" && statedShape(scope, value)?.length !== 4;
    return [{ core, channels: isMerged ? channelWidth(scope, value) : undefined }];
  }
  const next = { steps: trail.steps + 1, budget: trail.budget };
  const { node } = found;
  if (node.opType === "Concat") {
    const traced = node.input.map((input) => traceAttention(found.scope, input, next));
    if (traced.every((parts) => parts === undefined)) return undefined;
    if (!joinsChannels(found.scope, value, integerAttribute(node, "axis") ?? 0)) {
      return traced.find((parts) => parts !== undefined);
    }
    return node.input.flatMap(
      (input, index) => traced[index] ?? [{ core: undefined, channels: channelWidth(found.scope, input) }],
    );
  }
  for (const index of PASSED.get(node.opType) ?? []) {
    const input = node.input[index];
    const parts = input === undefined ? undefined : traceAttention(found.scope, input, next);
    if (parts === undefined) continue;
    const [part, ...others] = parts;
    if (part === undefined || others.length > 0) return parts;
    const width = node.opType === "Reshape" ? mergedWidth(found.scope, node.input[1] ?? "") : undefined;
    return [{ core: part.core, channels: width ?? part.channels }];
  }
  return undefined;
}

/** Whether a Concat puts channels side by side, not tokens: its axis is the last one. */
function joinsChannels(scope: GraphScope, value: string, axis: number): boolean {
  if (axis < 0) return axis === -1;
  const rank = statedShape(scope, value)?.length;
  return rank === undefined ? axis >= 2 : axis === rank - 1;
}

/** The last axis that a Reshape asks for, where it can be the width of merged heads. */
function mergedWidth(scope: GraphScope, shape: string): number | undefined {
  const last = askedShape(scope, shape)?.axes.at(-1);
  return last !== undefined && last > 0 ? last : undefined;
}

/** The widths of all parts, which add up to the projection's; `undefined` if they cannot. */
function settleParts(traced: readonly TracedPart[], width: number): ChannelPart[] | undefined {
  const own = traced.map(({ core, channels }) =>
    traced.length === 1 ? width : (channels ?? headChannels(core)),
  );
  const unknown = own.filter((channels) => channels === undefined).length;
  const rest = width - own.reduce<number>((sum, channels) => sum + (channels ?? 0), 0);
  const isSettled = unknown === 0 ? rest === 0 : unknown === 1 && rest > 0;
  if (!isSettled) {
    // Which channel is whose cannot be told, so the input is taken as a whole and its heads are asked for.
    return [{ kind: "attention", channels: width, heads: null, headSize: null }];
  }
  return traced.map(({ core }, index) => {
    const channels = own[index] ?? rest;
    if (core === undefined) return { kind: "other", channels, heads: null, headSize: null };
    return { kind: "attention", channels, ...settleHeads(core, channels) };
  });
}

function headChannels(core: AttentionCore | undefined): number | undefined {
  return core?.heads === undefined || core.headSize === undefined ? undefined : core.heads * core.headSize;
}

/** Heads and their size: one follows from the other and the width. */
function settleHeads(
  { heads, headSize }: AttentionCore,
  channels: number,
): Pick<ChannelPart, "heads" | "headSize"> {
  if (heads !== undefined && heads > 0 && channels % heads === 0)
    return { heads, headSize: channels / heads };
  if (headSize !== undefined && channels % headSize === 0) return { heads: channels / headSize, headSize };
  return { heads: null, headSize: null };
}

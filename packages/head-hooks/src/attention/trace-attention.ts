import type { AxisLengths } from "../graph/axis-arithmetic.ts";
import { axisLengths, axisSizes, channelWidth, shapeValues } from "../graph/axis-lengths.ts";
import { resolveConstant } from "../graph/constant-values.ts";
import { axisCuts } from "../graph/cut-ranges.ts";
import { type GraphScope, producerOf, type ScopedNode } from "../graph/graph-scope.ts";
import { listedAxes } from "../graph/infer-axes.ts";
import {
  attributeOf,
  axisAttribute,
  followedInputs,
  inputOf,
  integerAttribute,
  operatorSet,
} from "../graph/node-parts.ts";
import { countOf, isSameSize, type Size } from "../graph/sizes.ts";
import { type AttentionCore, attentionCore } from "./attention-core.ts";
import type { Projection } from "./projection.ts";
import {
  type AxisRun,
  cutAxes,
  flattenAxes,
  type HeadAxes,
  lengthsOf,
  permuteAxes,
  reshapeAxes,
  runLength,
  squeezeAxes,
} from "./head-axes.ts";

/** Channels of a projection's input that come from one place. */
export interface TracedPart {
  /** The attention that made them; `undefined` for what comes from elsewhere. */
  readonly core: AttentionCore | undefined;
  readonly channels: number | undefined;
  /** What the channels count, outermost first; `undefined` where the graph does not show it, or they hold no heads. */
  readonly runs: readonly AxisRun[] | undefined;
  /** Whether other channels are among those of the attention, and the graph does not show which. */
  readonly isMixed: boolean;
}

/** A value behind one attention, with its axes where the graph shows them. */
interface TracedAxes {
  readonly isJoined: false;
  readonly parts: readonly TracedPart[];
  readonly axes: HeadAxes | undefined;
}

/** A value with channels of several places side by side, and the number of its axes. */
interface TracedJoin {
  readonly isJoined: true;
  readonly parts: readonly TracedPart[];
  readonly rank: number | undefined;
}

type Traced = TracedAxes | TracedJoin;

/** Operators that pass attention's output on to a projection, with the inputs to follow. */
const PASSED = followedInputs({
  "Identity Cast Dropout HardSwish Clip Div": [0],
  "Reshape Flatten Transpose Squeeze Unsqueeze Slice Split": [0],
  "QuantizeLinear DequantizeLinear DynamicQuantizeLinear": [0],
  "LayerNormalization SimplifiedLayerNormalization RMSNormalization": [0],
  Mul: [0, 1],
  Where: [1, 2],
});

/** Those that move, merge or cut axes. */
const MOVING = operatorSet("Reshape Flatten Transpose Squeeze Unsqueeze Slice Split");

const MAXIMUM_STEPS = 24;
const MAXIMUM_VISITS = 256;

interface Trail {
  readonly steps: number;
  readonly budget: { visits: number };
}

type ProjectionInput = Pick<Projection, "input" | "inputAxes">;

/** Where a projection's input channels come from, in order; `undefined` if none of them come from attention. */
export function traceAttention(
  scope: GraphScope,
  { input, inputAxes }: ProjectionInput,
): readonly TracedPart[] | undefined {
  const traced = traceInput(scope, input, inputAxes);
  const [part] = traced?.parts ?? [];
  if (traced === undefined || part === undefined || inputAxes.length === 1) return traced?.parts;
  if (traced.isJoined) return mixed(traced).parts;
  const runs = traced.axes?.axes.slice(-inputAxes.length).flat();
  return [{ ...part, runs, channels: runLength(runs) }];
}

/** What the axes before a projection's channels count in a value behind one attention; `undefined` of any other. */
export function rowAxes(
  scope: GraphScope,
  { input, inputAxes }: ProjectionInput,
): readonly (readonly AxisRun[])[] | undefined {
  const traced = traceInput(scope, input, inputAxes);
  return traced?.isJoined === false ? traced.axes?.axes.slice(0, -inputAxes.length) : undefined;
}

function traceInput(scope: GraphScope, value: string, axes: readonly number[]): Traced | undefined {
  return trace(scope, value, axes.at(-1), { steps: 0, budget: { visits: 0 } });
}

/** @param width the length of the value's last axis, where what reads it shows it. */
function trace(
  scope: GraphScope,
  value: string,
  width: number | undefined,
  trail: Trail,
): Traced | undefined {
  const found = producerOf(scope, value);
  if (found === undefined || trail.steps > MAXIMUM_STEPS || ++trail.budget.visits > MAXIMUM_VISITS)
    return undefined;
  const core = attentionCore(found, value);
  if (core !== undefined) return single({ core, isMixed: false }, core.axes);
  const next = { steps: trail.steps + 1, budget: trail.budget };
  const { node } = found;
  if (node.opType === "Concat") {
    const traced = node.input.map((input) => trace(found.scope, input, undefined, next));
    return join(found, value, traced);
  }
  const passed = PASSED.get(node.opType) ?? [];
  const isMoved = MOVING.has(node.opType);
  const traced = passed.map((index) =>
    trace(found.scope, inputOf(node, index), isMoved ? undefined : width, next),
  );
  const [first, second] = traced.filter((entry) => entry !== undefined);
  if (first === undefined) return undefined;
  if (isMoved)
    return first.isJoined ? keepJoined(found, value, first, width) : moveSingle(found, value, first, width);
  if (second !== undefined) return isSameShape(first, second) ? first : mixed(first);
  return node.opType === "Where" && !isGuard(found) ? mixed(first) : first;
}

/** Whether a Where chooses between its input and a constant, or for all channels of a token alike. */
function isGuard({ scope, node }: ScopedNode): boolean {
  const [condition = "", ...values] = node.input;
  return channelWidth(scope, condition) === 1 || values.some((value) => isConstant(scope, value));
}

/** Whether a value is a constant, or one that is spread over the axes of another value. */
function isConstant(scope: GraphScope, value: string): boolean {
  if (resolveConstant(scope, value) !== undefined) return true;
  const found = producerOf(scope, value);
  if (found?.node.opType === "ConstantOfShape") return true;
  return (
    found?.node.opType === "Expand" && resolveConstant(found.scope, inputOf(found.node, 0)) !== undefined
  );
}

function single(
  { core, isMixed }: Pick<TracedPart, "core" | "isMixed">,
  axes: HeadAxes | undefined,
): TracedAxes {
  const runs = axes?.axes.at(-1);
  return { parts: [{ core, channels: runLength(runs), runs, isMixed }], axes, isJoined: false };
}

/** Attention and other channels, of which the graph does not show which is whose. */
function mixed({ parts }: Traced): TracedAxes {
  return single({ core: parts.find(({ core }) => core !== undefined)?.core, isMixed: true }, undefined);
}

/** The axes behind a node that moves, merges or cuts them. */
function moveSingle(found: ScopedNode, value: string, traced: TracedAxes, width: number | undefined): Traced {
  const { node } = found;
  const { axes } = traced;
  const move = (): HeadAxes | undefined => {
    if (axes === undefined) return undefined;
    switch (node.opType) {
      case "Transpose":
        return permuteAxes(axes, attributeOf(node, "perm")?.ints.map(Number));
      case "Slice":
      case "Split":
        return cutAxes(axes, axisCuts(found, value, lengthsOf(axes)));
      case "Flatten":
        return flattenAxes(axes, integerAttribute(node, "axis") ?? 1);
      case "Squeeze":
      case "Unsqueeze":
        return squeezeAxes(axes, listedAxes(found), node.opType);
      default:
        return reshape(found, value, axes, width);
    }
  };
  const [part] = traced.parts;
  return single({ core: part?.core, isMixed: part?.isMixed ?? false }, move());
}

/** The axes behind a Reshape, of which the first stay as they are as far as they are copied. */
function reshape(
  { scope, node }: ScopedNode,
  value: string,
  axes: HeadAxes,
  width: number | undefined,
): HeadAxes | undefined {
  const { sizes, isRankKnown } = axisSizes(scope, value);
  if (sizes.length === 0) return undefined;
  const input = axisSizes(scope, inputOf(node, 0));
  const asked = shapeValues(scope, inputOf(node, 1));
  const isWhole = isRankKnown && input.isRankKnown && input.sizes.length === axes.axes.length;
  const isCopy = (size: Size | undefined, index: number): boolean => {
    const own = isWhole ? input.sizes[index] : undefined;
    if (size !== undefined && own !== undefined && isSameSize(size, own)) return true;
    return countOf(asked?.axes[index]) === 0 && integerAttribute(node, "allowzero") !== 1;
  };
  const last = sizes.length - 1;
  const copied = sizes.findIndex((size, index) => index === last || !isCopy(size, index));
  const lengths = sizes.map(countOf);
  return reshapeAxes(axes, { lengths: lengths.with(last, lengths[last] ?? width), isRankKnown }, copied);
}

/** What a Concat puts side by side: channels, or tokens, batch items or heads of the same channels. */
function join(found: ScopedNode, value: string, traced: readonly (Traced | undefined)[]): Traced | undefined {
  const first = traced.find((entry) => entry !== undefined);
  if (first === undefined) return undefined;
  const axis = axisAttribute(found.node);
  const rank = rankOf(first) ?? rankOf(axisLengths(found.scope, value));
  // The third of an unknown number of axes is taken for the last, as by the tap, which fails at run time if it is not.
  const place = axis < 0 ? axis : rank !== undefined ? axis - rank : axis >= 2 ? -1 : undefined;
  if (place !== -1) return joinTokens(traced, first, place);
  const parts = found.node.input.flatMap((input, index): readonly TracedPart[] => {
    const own = traced[index];
    if (own?.isJoined === true) return own.parts;
    const [part = OTHER] = own?.parts ?? [];
    return [{ ...part, channels: part.channels ?? channelWidth(found.scope, input) }];
  });
  return { parts, rank, isJoined: true };
}

const OTHER: TracedPart = { core: undefined, channels: undefined, runs: undefined, isMixed: false };

/**
 * Channels keep their heads where every attention that is joined has the same, and what is no attention has places of
 * its own among the tokens; the lengths of other axes change.
 *
 * @param place the axis counted from the last one; `undefined` where the graph does not show which it is.
 */
function joinTokens(
  traced: readonly (Traced | undefined)[],
  first: Traced,
  place: number | undefined,
): Traced {
  if (!traced.every((entry) => entry === undefined || isSameShape(entry, first))) return mixed(first);
  if (first.isJoined) return place === undefined ? mixed(first) : first;
  const joined = place === undefined ? undefined : first.axes?.axes.at(place);
  const areTokens = joined?.every(({ counts }) => counts === "tokens") ?? false;
  if (!areTokens && (place === undefined || traced.includes(undefined))) return mixed(first);
  if (first.axes === undefined) return first;
  const last = first.axes.axes.length - 1;
  const axes = first.axes.axes.map((runs, index) =>
    index === last ? runs : runs.map((run) => ({ ...run, length: undefined })),
  );
  return { ...first, axes: { ...first.axes, axes } };
}

/** Whether two values have the same channels, as far as the graph shows it. */
function isSameShape(a: Traced, b: Traced): boolean {
  const [one, other] = [a, b].map(({ parts }) =>
    JSON.stringify(parts.map(({ channels, runs, isMixed }) => ({ channels, runs, isMixed }))),
  );
  return one === other;
}

/** Joined channels stay what they are where the node leaves the last axis alone. */
function keepJoined(found: ScopedNode, value: string, traced: TracedJoin, width: number | undefined): Traced {
  const { node } = found;
  const { parts, rank } = traced;
  if (node.opType === "Transpose") {
    const order = attributeOf(node, "perm")?.ints.map(Number) ?? [];
    return order.length > 0 && order.at(-1) === order.length - 1
      ? { ...traced, rank: order.length }
      : mixed(traced);
  }
  if (node.opType === "Slice" || node.opType === "Split") {
    const lengths = Array<undefined>(rank ?? 0).fill(undefined);
    const cuts = axisCuts(found, value, { lengths, isRankKnown: rank !== undefined });
    return cuts?.every(({ axis }) => axis !== undefined && axis !== -1) === true ? traced : mixed(traced);
  }
  if (node.opType !== "Reshape") return mixed(traced);
  const { lengths, isRankKnown } = axisLengths(found.scope, value);
  const sum = parts.reduce((total, { channels }) => total + (channels ?? NaN), 0);
  return (lengths.at(-1) ?? width) === sum
    ? { ...traced, rank: isRankKnown ? lengths.length : undefined }
    : mixed(traced);
}

function rankOf(shape: Traced | AxisLengths): number | undefined {
  if ("lengths" in shape) return shape.isRankKnown ? shape.lengths.length : undefined;
  if (shape.isJoined) return shape.rank;
  return shape.axes?.isRankKnown === true ? shape.axes.axes.length : undefined;
}

import { type AttentionCore, attentionCore } from "./attention-core.ts";
import type { AxisLengths } from "./axis-arithmetic.ts";
import { axisLengths, channelWidth, listedAxes, reshapedLengths } from "./axis-lengths.ts";
import { askedShape, attributeOf, integerAttribute } from "./constant-values.ts";
import { axisCuts } from "./cut-ranges.ts";
import { type GraphScope, producerOf, type ScopedNode } from "./graph-scope.ts";
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
const PASSED: ReadonlyMap<string, readonly number[]> = new Map<string, readonly number[]>([
  ...[
    ...[
      "Identity",
      "Cast",
      "Dropout",
      "Reshape",
      "Transpose",
      "Squeeze",
      "Unsqueeze",
      "Flatten",
      "Slice",
      "Split",
    ],
    ...["QuantizeLinear", "DequantizeLinear", "DynamicQuantizeLinear", "HardSwish", "Clip", "Div"],
    ...["LayerNormalization", "SimplifiedLayerNormalization", "RMSNormalization"],
  ].map((op): [string, readonly number[]] => [op, [0]]),
  ["Mul", [0, 1]],
  ["Where", [1, 2]],
]);

const MAXIMUM_STEPS = 24;
const MAXIMUM_VISITS = 256;

interface Trail {
  readonly steps: number;
  readonly budget: { visits: number };
}

/** Where a projection's input channels come from, in order; `undefined` if none of them come from attention. */
export function traceAttention(
  scope: GraphScope,
  value: string,
  width: number,
): readonly TracedPart[] | undefined {
  return trace(scope, value, width, { steps: 0, budget: { visits: 0 } })?.parts;
}

/** What the axes of a value behind one attention count; `undefined` of any other value. */
export function attentionAxes(scope: GraphScope, value: string, width: number): HeadAxes | undefined {
  const traced = trace(scope, value, width, { steps: 0, budget: { visits: 0 } });
  return traced?.isJoined === false ? traced.axes : undefined;
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
  if (core !== undefined) return single(core, core.axes);
  const next = { steps: trail.steps + 1, budget: trail.budget };
  const { node } = found;
  if (node.opType === "Concat") {
    const traced = node.input.map((input) => trace(found.scope, input, undefined, next));
    return join(found, value, traced);
  }
  const isMoved = ["Reshape", "Flatten", "Transpose", "Squeeze", "Unsqueeze", "Slice", "Split"].includes(
    node.opType,
  );
  for (const index of PASSED.get(node.opType) ?? []) {
    const traced = trace(found.scope, node.input[index] ?? "", isMoved ? undefined : width, next);
    if (traced === undefined || !isMoved) {
      if (traced !== undefined) return traced;
      continue;
    }
    return traced.isJoined ? keepJoined(found, value, traced) : moveSingle(found, value, traced, width);
  }
  return undefined;
}

function single(core: AttentionCore | undefined, axes: HeadAxes | undefined): TracedAxes {
  const runs = axes?.axes.at(-1);
  return { parts: [{ core, channels: runLength(runs), runs }], axes, isJoined: false };
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
  return single(traced.parts[0]?.core, move());
}

function reshape(
  found: ScopedNode,
  value: string,
  axes: HeadAxes,
  width: number | undefined,
): HeadAxes | undefined {
  const asked = askedShape(found.scope, found.node.input[1] ?? "");
  const { lengths, isRankKnown } =
    asked === undefined ? axisLengths(found.scope, value) : reshapedLengths(found, lengthsOf(axes));
  if (lengths.length === 0) return undefined;
  const stated = axisLengths(found.scope, value);
  const output = lengths.map((length, index) => {
    if (length !== undefined) return length;
    const own = stated.lengths.at(index - lengths.length);
    return own ?? (index === lengths.length - 1 ? width : undefined);
  });
  const copies = asked?.isRankKnown === true && integerAttribute(found.node, "allowzero") !== 1;
  const copied = copies ? asked.axes.findIndex((axis) => axis !== 0) : 0;
  return reshapeAxes(axes, { lengths: output, isRankKnown }, Math.max(copied, 0));
}

/** What a Concat puts side by side: channels, or tokens, batch items or heads of the same channels. */
function join(found: ScopedNode, value: string, traced: readonly (Traced | undefined)[]): Traced | undefined {
  const first = traced.find((entry) => entry !== undefined);
  if (first === undefined) return undefined;
  const axis = integerAttribute(found.node, "axis") ?? 0;
  const rank = rankOf(first) ?? rankOf(axisLengths(found.scope, value));
  const isAlongChannels = axis < 0 ? axis === -1 : rank === undefined ? axis >= 2 : axis === rank - 1;
  if (!isAlongChannels) return joinTokens(traced, first);
  const parts = found.node.input.flatMap((input, index): readonly TracedPart[] => {
    const own = traced[index];
    if (own?.isJoined === true) return own.parts;
    const channels = own?.parts[0]?.channels ?? channelWidth(found.scope, input);
    return [{ core: own?.parts[0]?.core, channels, runs: own?.parts[0]?.runs }];
  });
  return { parts, rank, isJoined: true };
}

/** Channels keep their heads where every attention that is joined has the same; the lengths of other axes change. */
function joinTokens(traced: readonly (Traced | undefined)[], first: Traced): Traced {
  const shapeOf = ({ parts }: Traced): string =>
    JSON.stringify(parts.map(({ channels, runs }) => ({ channels, runs })));
  const isSame = traced.every((entry) => entry === undefined || shapeOf(entry) === shapeOf(first));
  if (first.isJoined) return isSame ? first : unknown(first);
  if (!isSame || first.axes === undefined) return unknown(first);
  const last = first.axes.axes.length - 1;
  const axes = first.axes.axes.map((runs, index) =>
    index === last ? runs : runs.map((run) => ({ ...run, length: undefined })),
  );
  return single(first.parts[0]?.core, { ...first.axes, axes });
}

/** Joined channels stay what they are where the node leaves the last axis alone. */
function keepJoined(found: ScopedNode, value: string, traced: TracedJoin): Traced {
  const { scope, node } = found;
  const { parts, rank } = traced;
  if (node.opType === "Transpose") {
    const order = attributeOf(node, "perm")?.ints.map(Number) ?? [];
    return order.length > 0 && order.at(-1) === order.length - 1
      ? { ...traced, rank: order.length }
      : unknown(traced);
  }
  if (node.opType === "Slice" || node.opType === "Split") {
    const lengths = Array<undefined>(rank ?? 0).fill(undefined);
    const cuts = axisCuts(found, value, { lengths, isRankKnown: rank !== undefined });
    return cuts?.every(({ axis }) => axis !== undefined && axis !== -1) === true ? traced : unknown(traced);
  }
  if (node.opType !== "Reshape") return unknown(traced);
  const asked = askedShape(scope, node.input[1] ?? "");
  const last = asked?.axes.at(-1);
  const widths = parts.map(({ channels }) => channels ?? NaN);
  const sum = widths.reduce((total, channels) => total + channels, 0);
  // Three axes have nothing to merge into the last one but tokens, which no exporter does.
  const isSameWidth = Number.isNaN(sum) || last === undefined || last <= 0 ? rank === 3 : last === sum;
  return isSameWidth
    ? { ...traced, rank: asked?.isRankKnown === true ? asked.axes.length : undefined }
    : unknown(traced);
}

/** Attention, of whose channels the graph shows nothing more. */
function unknown(traced: Traced): Traced {
  return single(traced.parts.find(({ core }) => core !== undefined)?.core, undefined);
}

function rankOf(shape: Traced | AxisLengths): number | undefined {
  if ("lengths" in shape) return shape.isRankKnown ? shape.lengths.length : undefined;
  if (shape.isJoined) return shape.rank;
  return shape.axes?.isRankKnown === true ? shape.axes.axes.length : undefined;
}

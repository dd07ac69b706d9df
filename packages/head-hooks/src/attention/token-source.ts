import { axisLengths, channelWidth } from "../graph/axis-lengths.ts";
import { type GraphScope, producerOf } from "../graph/graph-scope.ts";
import { attributeOf, inputOf } from "../graph/node-parts.ts";
import { HeadHooksError } from "../head-hooks-error.ts";
import { describe } from "./match-projections.ts";
import type { Projection } from "./projection.ts";
import { rowAxes } from "./trace-attention.ts";

/** A shape passes few nodes that keep its rank; the bound keeps a malformed graph with a cycle from looping. */
const MAXIMUM_STEPS = 16;

/** The tensor to measure for a projection. */
export interface TokenSource {
  readonly value: string;
  /** Whether its tokens stand before its batch: [S, B, C], or rows of one token adjacent. */
  readonly isTokensFirst: boolean;
}

/**
 * The tensor to measure for a projection: its input, if that is [B, S, C]; if it is [B·S, C], the tensor [B, S, C] or
 * [B, S, heads, channels of a head] that it was reshaped from, which holds the same values in the same order.
 *
 * A rank that the graph does not show is taken to be three; the added nodes fail at run time if it is not.
 *
 * @throws HeadHooksError `unknown-batch` if the input has other axes and nothing before it has these.
 */
export function tokenSource(scope: GraphScope, projection: Projection): TokenSource {
  const { node, input, inputAxes, inputChannels } = projection;
  const rank = projection.op === "Gemm" ? 2 : rankOf(scope, input);
  const isWhole = rank === undefined || rank === 2 + inputAxes.length;
  const value = isWhole ? input : rank === 2 ? beforeFlattening(scope, input, inputChannels) : undefined;
  if (value !== undefined)
    return { value, isTokensFirst: rowOrder(scope, { ...projection, input: value }) === "tokens" };
  throw new HeadHooksError(
    "unknown-batch",
    `the input "${input}" of ${describe(projection)} has ${rank} axes, so its batch axis cannot be told; expected [batch, tokens, channels]. Give \`batchInput\`, a value whose first axis is the batch`,
    { node, input, rank: rank ?? 0 },
  );
}

/**
 * The tensor to measure for a projection where its batch is given: its input, with its rows in whichever order attention
 * makes them.
 *
 * @throws HeadHooksError `unknown-batch` if a Transpose moves the first axis and the graph does not show what it counts.
 */
export function givenBatchSource(scope: GraphScope, projection: Projection): TokenSource {
  const { node, input } = projection;
  const order = rowOrder(scope, projection);
  if (order !== undefined || !isFirstAxisMoved(scope, input)) {
    return { value: input, isTokensFirst: order === "tokens" };
  }
  throw new HeadHooksError(
    "unknown-batch",
    `the input "${input}" of ${describe(projection)} comes from a Transpose that moves the first axis, and the graph does not show whether the rows of one batch item are adjacent behind it, as \`batchInput\` needs them; leave the projection out, or \`batchInput\` if the tensor is [batch, tokens, channels]`,
    { node, input },
  );
}

/** Which of tokens and batch is the outer one in a value behind attention; `undefined` where that is not shown. */
function rowOrder(scope: GraphScope, projection: Projection): "tokens" | "batch" | undefined {
  const counts = rowAxes(scope, projection)
    ?.flat()
    .map((run) => run.counts);
  const [first, ...others] = counts ?? [];
  if (first === undefined || counts?.includes("mixed") === true) return undefined;
  return first === "tokens" && others.includes("heads") ? "tokens" : "batch";
}

/** Whether a value comes, through reshapes, from a Transpose with another axis first. */
function isFirstAxisMoved(scope: GraphScope, value: string): boolean {
  let at = value;
  for (let step = 0; step < MAXIMUM_STEPS; step++) {
    const node = producerOf(scope, at)?.node;
    if (node?.opType === "Transpose") return attributeOf(node, "perm")?.ints[0] !== 0n;
    if (node === undefined || !["Reshape", "Flatten", "Identity", "Cast", "Squeeze"].includes(node.opType))
      return false;
    at = inputOf(node, 0);
  }
  return false;
}

/** The tensor [B, S, C] or [B, S, heads, channels of a head] that a tensor [B·S, C] was flattened from. */
function beforeFlattening(scope: GraphScope, value: string, channels: number): string | undefined {
  let at = value;
  for (let step = 0; step < MAXIMUM_STEPS; step++) {
    const node = producerOf(scope, at)?.node;
    const input = node?.input[0];
    if (node === undefined || input === undefined) return undefined;
    if (!["Reshape", "Flatten", "Identity", "Squeeze"].includes(node.opType)) return undefined;
    const rank = rankOf(scope, input);
    // [S, B · heads, channels of a head] has three axes too, and other channels.
    const width = channelWidth(scope, input);
    const isMoved = width === undefined && producerOf(scope, input)?.node.opType === "Transpose";
    if (rank === 3 && (width === undefined || width === channels) && !isMoved) return input;
    // Four axes are taken only behind the transpose that puts tokens before heads.
    if (rank === 4 && isTokensBeforeHeads(scope, input)) return input;
    if (rank !== 2) return undefined;
    at = input;
  }
  return undefined;
}

/** The number of a value's axes, as far as the graph shows it. */
function rankOf(scope: GraphScope, value: string): number | undefined {
  const { lengths, isRankKnown } = axisLengths(scope, value);
  return isRankKnown ? lengths.length : undefined;
}

/** Whether a Transpose puts [batch, heads, tokens, ..] into the order [batch, tokens, heads, ..]. */
function isTokensBeforeHeads(scope: GraphScope, value: string): boolean {
  const node = producerOf(scope, value)?.node;
  const order = node?.opType === "Transpose" ? attributeOf(node, "perm")?.ints.map(Number) : undefined;
  return order?.join() === "0,2,1,3";
}

import { askedShape, attributeOf, resolveConstant } from "./constant-values.ts";
import { type GraphScope, initializerOf, operatorOf, producerOf, statedShape } from "./graph-scope.ts";
import { HeadHooksError } from "./head-hooks-error.ts";
import { describe } from "./match-projections.ts";
import type { Projection } from "./projections.ts";

/** A shape passes few nodes that keep its rank; the bound keeps a malformed graph with a cycle from looping. */
const MAXIMUM_STEPS = 16;

/** Operators whose result has as many axes as their first input. */
const SAME_RANK: ReadonlySet<string> = new Set(
  [
    ...["Identity", "Cast", "Dropout", "Relu", "Tanh", "Sigmoid", "Clip", "Slice", "Split", "Concat"],
    ...["LayerNormalization", "QuantizeLinear", "DequantizeLinear", "DynamicQuantizeLinear", "Softmax"],
  ].map((op) => `/${op}`),
);

/** Operators whose result has as many axes as the one of their two inputs that has more. */
const BROADCASTING: ReadonlySet<string> = new Set(["/Add", "/Sub", "/Mul", "/Div"]);

/** Operators whose result has as many axes as their first input where the second is a matrix. */
const PRODUCTS: ReadonlySet<string> = new Set([
  ...["/MatMul", "/MatMulInteger", "com.microsoft/FusedMatMul", "com.microsoft/MatMulNBits"],
]);

/** Operators whose first result is [batch, tokens, channels]. */
const THREE_AXES: ReadonlySet<string> = new Set(
  ["MultiHeadAttention", "GroupQueryAttention", "Attention", "DecoderMaskedMultiHeadAttention"].map(
    (op) => `com.microsoft/${op}`,
  ),
);

/**
 * The tensor to measure for a projection: its input, if that is [B, S, C]; if it is [B·S, C], the tensor [B, S, C] or
 * [B, S, heads, channels of a head] that it was reshaped from, which holds the same values in the same order.
 *
 * A rank that the graph does not show is taken to be three; the added nodes fail at run time if it is not.
 *
 * @throws HeadHooksError `unknown-batch` if the input has other axes and nothing before it has these.
 */
export function tokenSource(scope: GraphScope, projection: Projection): string {
  const rank = projection.op === "Gemm" ? 2 : rankOf(scope, projection.input);
  if (rank === undefined || rank === 3) return projection.input;
  const source = rank === 2 ? beforeFlattening(scope, projection.input, projection.inputChannels) : undefined;
  if (source !== undefined) return source;
  throw new HeadHooksError(
    "unknown-batch",
    `the input "${projection.input}" of ${describe(projection)} has ${rank} axes, so its batch axis cannot be told; expected [batch, tokens, channels]. Give \`batchInput\`, a value whose first axis is the batch`,
    { node: projection.node, input: projection.input, rank },
  );
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
    const width = lastAxis(scope, input);
    if (rank === 3 && (width === undefined || width === channels)) return input;
    // Four axes are taken only behind the transpose that puts tokens before heads.
    if (rank === 4 && isTokensFirst(scope, input)) return input;
    if (rank !== 2) return undefined;
    at = input;
  }
  return undefined;
}

/** The number of a value's axes, as far as the graph shows it. */
function rankOf(scope: GraphScope, value: string, step = 0): number | undefined {
  const stated = statedShape(scope, value)?.length ?? initializerOf(scope, value)?.dims.length;
  const found = producerOf(scope, value);
  if (stated !== undefined || found === undefined || step > MAXIMUM_STEPS) return stated;
  const { node } = found;
  const operator = operatorOf(node);
  if (operator === "/Reshape") {
    const asked = askedShape(found.scope, node.input[1] ?? "");
    return asked?.isRankKnown === true ? asked.axes.length : undefined;
  }
  if (operator === "/Gemm" || operator === "/Flatten") return 2;
  if (operator === "/Transpose") return attributeOf(node, "perm")?.ints.length;
  if (THREE_AXES.has(operator)) return node.output[0] === value ? 3 : undefined;
  if (BROADCASTING.has(operator)) {
    const [a, b] = node.input.map((input) => rankOf(found.scope, input, step + 1));
    return a === undefined || b === undefined ? undefined : Math.max(a, b);
  }
  const isByMatrix =
    PRODUCTS.has(operator) && resolveConstant(found.scope, node.input[1] ?? "")?.dims.length === 2;
  return SAME_RANK.has(operator) || isByMatrix
    ? rankOf(found.scope, node.input[0] ?? "", step + 1)
    : undefined;
}

function lastAxis(scope: GraphScope, value: string): number | undefined {
  const stated = statedShape(scope, value)?.at(-1);
  const node = producerOf(scope, value)?.node;
  if (stated !== undefined || node?.opType !== "Reshape") return stated;
  const last = askedShape(scope, node.input[1] ?? "")?.axes.at(-1);
  return last !== undefined && last > 0 ? last : undefined;
}

function isTokensFirst(scope: GraphScope, value: string): boolean {
  const node = producerOf(scope, value)?.node;
  const order = node?.opType === "Transpose" ? attributeOf(node, "perm")?.ints.map(Number) : undefined;
  return order?.join() === "0,2,1,3";
}

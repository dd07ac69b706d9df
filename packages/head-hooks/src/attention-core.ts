import { askedShape, integerAttribute, resolveConstant } from "./constant-values.ts";
import { type GraphScope, operatorOf, producerOf, type ScopedNode, statedShape } from "./graph-scope.ts";

/** Where tokens are mixed by attention. */
export interface AttentionCore {
  /** The fused operator, or `Softmax` for a product of a softmax and the values. */
  readonly op: string;
  /** The name of that node, or of its first output. */
  readonly node: string;
  readonly heads: number | undefined;
  readonly headSize: number | undefined;
}

/** Fused operators, with the attribute that holds the number of query heads. */
const FUSED: ReadonlyMap<string, string> = new Map([
  ["/Attention", "q_num_heads"],
  ["com.microsoft/Attention", "num_heads"],
  ["com.microsoft/MultiHeadAttention", "num_heads"],
  ["com.microsoft/GroupQueryAttention", "num_heads"],
  ["com.microsoft/PackedAttention", "num_heads"],
  ["com.microsoft/PackedMultiHeadAttention", "num_heads"],
  ["com.microsoft/DecoderMaskedMultiHeadAttention", "num_heads"],
  ["com.microsoft/DecoderMaskedSelfAttention", "num_heads"],
  ["com.microsoft/QAttention", "num_heads"],
  ["com.microsoft/SparseAttention", "num_heads"],
  ["com.microsoft/PagedAttention", "num_heads"],
]);

/** Operators that multiply two activations, and where their two operands are. */
const PRODUCTS: ReadonlyMap<string, readonly [number, number]> = new Map([
  ["/MatMul", [0, 1]],
  ["com.microsoft/FusedMatMul", [0, 1]],
  ["/Einsum", [0, 1]],
  ["/MatMulInteger", [0, 1]],
  ["com.microsoft/MatMulIntegerToFloat", [0, 1]],
  ["/QLinearMatMul", [0, 3]],
]);

/** Operators between softmax and the values' product: mask, dropout, guards, quantisation, reshapes. */
const AFTER_SOFTMAX: ReadonlyMap<string, readonly number[]> = new Map<string, readonly number[]>([
  ...["Identity", "Cast", "Dropout", "Reshape", "Transpose", "Squeeze", "Unsqueeze", "Slice", "Flatten"].map(
    (op) => [op, [0]] as [string, readonly number[]],
  ),
  ...["QuantizeLinear", "DequantizeLinear", "DynamicQuantizeLinear"].map(
    (op) => [op, [0]] as [string, readonly number[]],
  ),
  ["Mul", [0, 1]],
  ["Where", [1, 2]],
]);

/** Operators between the product of queries and keys and the softmax: scale, bias, mask, soft cap, quantisation. */
const BEFORE_SOFTMAX: ReadonlyMap<string, readonly number[]> = new Map<string, readonly number[]>([
  ...AFTER_SOFTMAX,
  ...["Add", "Sub", "Max", "Min", "Concat"].map((op) => [op, [0, 1]] as [string, readonly number[]]),
  ...["Div", "Tanh", "Clip", "Neg"].map((op) => [op, [0]] as [string, readonly number[]]),
]);

/** Operators between the values and where they are split into heads. */
const BEFORE_VALUES: ReadonlyMap<string, readonly number[]> = new Map<string, readonly number[]>([
  ...[
    "Identity",
    "Cast",
    "Transpose",
    "Expand",
    "Tile",
    "Slice",
    "Split",
    "Gather",
    "Squeeze",
    "Unsqueeze",
  ].map((op) => [op, [0]] as [string, readonly number[]]),
  ...["QuantizeLinear", "DequantizeLinear", "DynamicQuantizeLinear"].map(
    (op) => [op, [0]] as [string, readonly number[]],
  ),
  ["Concat", [1, 0]],
]);

const MAXIMUM_STEPS = 24;
/** Values looked at in one search; masks and caches branch, and a hostile graph could branch at each step. */
const MAXIMUM_VISITS = 256;

/** The attention that makes a value, if its node is a fused operator, or the product of a softmax and values. */
export function attentionCore({ node, scope }: ScopedNode, value: string): AttentionCore | undefined {
  const operator = operatorOf(node);
  const name = node.name || (node.output[0] ?? "");
  const attribute = FUSED.get(operator);
  if (attribute !== undefined) {
    if (node.output[0] !== value) return undefined;
    const heads = integerAttribute(node, attribute) || statedShapeOfRank(scope, value, 4)?.[1];
    const headSize =
      statedShapeOfRank(scope, value, 4)?.[3] ??
      (operator === "/Attention" ? headSizeOf(scope, node.input[2] ?? "") : undefined);
    return { op: node.opType, node: name, heads, headSize };
  }
  const operands = PRODUCTS.get(operator)?.map((index) => node.input[index] ?? "");
  if (operands === undefined || operands.some((operand) => resolveConstant(scope, operand) !== undefined)) {
    return undefined;
  }
  for (const [index, operand] of operands.entries()) {
    const softmax = search(scope, operand, AFTER_SOFTMAX, isSoftmax);
    if (softmax === undefined) continue;
    const scores = search(softmax.scope, softmaxInput(softmax), BEFORE_SOFTMAX, isProductOfActivations);
    if (scores === undefined) continue;
    const shape = statedShapeOfRank(scope, value, 4);
    return {
      op: "Softmax",
      node: softmax.node.name || (softmax.node.output[0] ?? ""),
      heads: shape?.[1],
      headSize: shape?.[3] ?? headSizeOf(scope, operands[1 - index] ?? ""),
    };
  }
  return undefined;
}

/**
 * Walk back from a value through the given operators to the first node that is sought, nearest first.
 *
 * @param through for each operator of the default domain, the inputs to follow.
 */
function search(
  scope: GraphScope,
  value: string,
  through: ReadonlyMap<string, readonly number[]>,
  isSought: (found: ScopedNode) => boolean,
): ScopedNode | undefined {
  let front = [{ scope, value }];
  let visits = 0;
  for (let step = 0; step < MAXIMUM_STEPS && front.length > 0; step++) {
    const next: typeof front = [];
    for (const at of front) {
      const found = producerOf(at.scope, at.value);
      if (found === undefined || ++visits > MAXIMUM_VISITS) continue;
      if (isSought(found)) return found;
      for (const index of through.get(found.node.opType) ?? []) {
        const input = found.node.input[index];
        if (input !== undefined && input !== "") next.push({ scope: found.scope, value: input });
      }
    }
    front = next;
  }
  return undefined;
}

/** A softmax, or one that was written out as a division of exponentials. */
function isSoftmax({ node, scope }: ScopedNode): boolean {
  if (["Softmax", "BiasSoftmax", "QLinearSoftmax"].includes(node.opType)) return true;
  if (node.opType !== "Div") return false;
  return producerOf(scope, node.input[0] ?? "")?.node.opType === "Exp";
}

function softmaxInput({ node, scope }: ScopedNode): string {
  if (node.opType !== "Div") return node.input[0] ?? "";
  return producerOf(scope, node.input[0] ?? "")?.node.input[0] ?? "";
}

function isProductOfActivations({ node, scope }: ScopedNode): boolean {
  const operands = PRODUCTS.get(operatorOf(node));
  return operands?.every((index) => resolveConstant(scope, node.input[index] ?? "") === undefined) ?? false;
}

/** The channels of a head, from where the values [.., heads, channels of a head] were split. */
function headSizeOf(scope: GraphScope, values: string): number | undefined {
  const shape = statedShape(scope, values);
  if (shape !== undefined && shape.length >= 4 && shape.at(-1) !== undefined) return shape.at(-1);
  const split = search(scope, values, BEFORE_VALUES, ({ node }) => node.opType === "Reshape");
  if (split === undefined) return undefined;
  const asked = askedShape(split.scope, split.node.input[1] ?? "");
  const last = asked?.axes.at(-1);
  if (asked === undefined || last === undefined || last <= 0) return undefined;
  // Three axes are [batch · heads, tokens, channels of a head]; two are tokens and all channels.
  return asked.axes.length >= 3 || !asked.isRankKnown ? last : undefined;
}

function statedShapeOfRank(
  scope: GraphScope,
  value: string,
  rank: number,
): (number | undefined)[] | undefined {
  const shape = statedShape(scope, value);
  return shape?.length === rank ? shape : undefined;
}

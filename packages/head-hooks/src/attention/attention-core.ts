import type { NodeProto } from "onnx-buf";
import { axisLengths } from "../graph/axis-lengths.ts";
import { resolveConstant } from "../graph/constant-values.ts";
import { einsumEquation } from "../graph/einsum-equation.ts";
import { type GraphScope, operatorOf, producerOf, type ScopedNode } from "../graph/graph-scope.ts";
import { followedInputs, inputOf, integerAttribute, outputOf, titleOf } from "../graph/node-parts.ts";
import type { AxisRun, HeadAxes } from "./head-axes.ts";

/** What a value is to the attention that reads it, where the graph's structure shows it. */
export type AttentionRole =
  /** What is multiplied with the keys: of a product of two activations before a softmax the first. */
  | "query"
  /** The other operand of that product. */
  | "key"
  /** What the attention pattern weighs. */
  | "value"
  /** The attention pattern: the result of the softmax, [..., queries, keys]. */
  | "pattern";

/** Where tokens are mixed by attention. */
export interface AttentionCore {
  /** The fused operator, or `Softmax` for a product of a softmax and the values. */
  readonly op: string;
  /** The name of that node, or of its first output. */
  readonly node: string;
  /** The axes of what it makes; `undefined` where the graph does not show them. */
  readonly axes: HeadAxes | undefined;
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
const AFTER_SOFTMAX = followedInputs({
  "Identity Cast Dropout Reshape Transpose Squeeze Unsqueeze Slice Flatten": [0],
  "QuantizeLinear DequantizeLinear DynamicQuantizeLinear": [0],
  Mul: [0, 1],
  Where: [1, 2],
});

/** Operators between the product of queries and keys and the softmax: scale, bias, mask, soft cap, quantisation. */
const BEFORE_SOFTMAX: ReadonlyMap<string, readonly number[]> = new Map([
  ...AFTER_SOFTMAX,
  ...followedInputs({ "Add Sub Max Min Concat": [0, 1], "Div Tanh Clip Neg": [0] }),
]);

const MAXIMUM_STEPS = 24;
/** Values looked at in one search; masks and caches branch, and a hostile graph could branch at each step. */
const MAXIMUM_VISITS = 256;

/** The attention that makes a value, if its node is a fused operator, or the product of a softmax and values. */
export function attentionCore(found: ScopedNode, value: string): AttentionCore | undefined {
  const { node, scope } = found;
  const operator = operatorOf(node);
  const name = titleOf(node);
  const attribute = FUSED.get(operator);
  if (attribute !== undefined) {
    if (node.output[0] !== value) return undefined;
    const heads = integerAttribute(node, attribute) || undefined;
    return { op: node.opType, node: name, axes: fusedAxes(scope, value, operator, heads) };
  }
  const weighed = weighedProduct(found);
  if (weighed === undefined) return undefined;
  const { softmax, patternIndex } = weighed;
  const counts = operator === "/Einsum" ? einsumCounts(node, patternIndex) : productCounts(patternIndex);
  return {
    op: "Softmax",
    node: titleOf(softmax.node),
    axes: counts === undefined ? undefined : countedAxes(scope, value, counts),
  };
}

/** A product of a softmax and values, and what the softmax is of. */
interface WeighedProduct {
  readonly softmax: ScopedNode;
  /** The product of queries and keys. */
  readonly scores: ScopedNode;
  /** Which of the two operands the softmax is. */
  readonly patternIndex: 0 | 1;
  readonly operands: readonly [string, string];
}

/** A node as the product of a softmax of a product of two activations, and of a third activation. */
function weighedProduct(found: ScopedNode): WeighedProduct | undefined {
  const operands = activationOperands(found);
  if (operands === undefined) return undefined;
  for (const patternIndex of [0, 1] as const) {
    const softmax = search(found.scope, operands[patternIndex], AFTER_SOFTMAX, isSoftmax);
    if (softmax === undefined) continue;
    const scores = search(softmax.scope, softmaxInput(softmax), BEFORE_SOFTMAX, isProductOfActivations);
    if (scores !== undefined) return { softmax, scores, patternIndex, operands };
  }
  return undefined;
}

/** The two operands of a product, if neither is a constant. */
function activationOperands({ node, scope }: ScopedNode): [string, string] | undefined {
  const places = PRODUCTS.get(operatorOf(node));
  if (places === undefined) return undefined;
  const [left, right] = places;
  const operands: [string, string] = [inputOf(node, left), inputOf(node, right)];
  return operands.every((operand) => resolveConstant(scope, operand) === undefined) ? operands : undefined;
}

/** Fused operators whose first inputs are queries, keys and values, each on its own. */
const SEPARATE: ReadonlySet<string> = new Set([
  "/Attention",
  "com.microsoft/MultiHeadAttention",
  "com.microsoft/GroupQueryAttention",
]);

/** What the values of a graph are to its attentions, by name. */
export function attentionRoles(scope: GraphScope): ReadonlyMap<string, AttentionRole> {
  const roles = new Map<string, AttentionRole>();
  for (const [index, node] of scope.nodes.entries()) {
    const weighed = weighedProduct({ node, index, scope });
    if (weighed !== undefined) {
      const { softmax, scores, patternIndex, operands } = weighed;
      const [first, second] = activationOperands(scores) ?? [];
      roles.set(outputOf(softmax.node), "pattern");
      roles.set(operands[1 - patternIndex] ?? "", "value");
      // A pattern on the right is a transposed one, whose product has its operands the other way round.
      roles.set((patternIndex === 0 ? first : second) ?? "", "query");
      roles.set((patternIndex === 0 ? second : first) ?? "", "key");
    }
    const separate = [0, 1, 2].map((place) => inputOf(node, place));
    if (SEPARATE.has(operatorOf(node)) && !separate.includes("")) {
      for (const [place, role] of (["query", "key", "value"] as const).entries())
        roles.set(separate[place] ?? "", role);
    }
  }
  return roles;
}

type Counts = AxisRun["counts"];

/** The axes of a fused operator: [batch, tokens, heads · channels], packed without the first; standard Attention may have four. */
function fusedAxes(
  scope: GraphScope,
  value: string,
  operator: string,
  heads: number | undefined,
): HeadAxes | undefined {
  const { lengths, isRankKnown } = axisLengths(scope, value);
  if (operator === "/Attention" && !isRankKnown) return undefined;
  if (isRankKnown && lengths.length === 4) {
    const counts = ["heads", "heads", "tokens", "channels"] as const;
    const axes = counts.map((entry, index): AxisRun[] => [
      { counts: entry, length: lengths[index] ?? (index === 1 ? heads : undefined) },
    ]);
    return { axes, isRankKnown };
  }
  const size = (lengths.at(-1) ?? NaN) / (heads ?? NaN);
  const merged: AxisRun[] = [
    { counts: "heads", length: heads },
    { counts: "channels", length: Number.isInteger(size) ? size : undefined },
  ];
  const batch: AxisRun[][] = /Packed|Paged/.test(operator)
    ? []
    : [[{ counts: "heads", length: lengths.at(-3) }]];
  return {
    axes: [...batch, [{ counts: "tokens", length: lengths.at(-2) }], merged],
    isRankKnown: true,
  };
}

/** What the last two axes count of a product whose operand of that index is the softmax, or its transpose. */
function productCounts(softmax: number): Counts[] {
  return softmax === 0 ? ["tokens", "channels"] : ["channels", "tokens"];
}

/** What the axes of an Einsum count: channels are in the values alone, tokens in the weights alone, heads in both. */
function einsumCounts(node: NodeProto, softmax: number): Counts[] | undefined {
  const equation = einsumEquation(node);
  const [weights, values] = [equation?.operands[softmax], equation?.operands[1 - softmax]];
  if (equation === undefined || weights === undefined || values === undefined) return undefined;
  return equation.result.map((letter) =>
    !weights.includes(letter) ? "channels" : values.includes(letter) ? "heads" : "tokens",
  );
}

/** A value's axes, of which the last count this; those before them count heads. */
function countedAxes(scope: GraphScope, value: string, counts: readonly Counts[]): HeadAxes {
  const { lengths, isRankKnown } = axisLengths(scope, value);
  const rank = Math.max(lengths.length, counts.length);
  const axes = Array.from({ length: rank }, (_, index): AxisRun[] => [
    { counts: counts.at(index - rank) ?? "heads", length: lengths.at(index - rank) },
  ]);
  return { axes, isRankKnown: isRankKnown && lengths.length === rank };
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
  return producerOf(scope, inputOf(node, 0))?.node.opType === "Exp";
}

function softmaxInput({ node, scope }: ScopedNode): string {
  if (node.opType !== "Div") return inputOf(node, 0);
  return producerOf(scope, inputOf(node, 0))?.node.input[0] ?? "";
}

function isProductOfActivations(found: ScopedNode): boolean {
  return activationOperands(found) !== undefined;
}

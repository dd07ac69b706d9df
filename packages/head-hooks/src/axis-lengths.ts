import type { NodeProto } from "onnx-buf";
import {
  askedShape,
  attributeOf,
  constantIntegers,
  integerAttribute,
  resolveConstant,
} from "./constant-values.ts";
import {
  type AxisLengths,
  broadcast,
  joined,
  type Length,
  ofRank,
  permuted,
  squeezed,
  UNKNOWN,
  unsqueezed,
  withLast,
} from "./axis-arithmetic.ts";
import { axisCuts } from "./cut-ranges.ts";
import { einsumEquation } from "./einsum-equation.ts";
import {
  type GraphScope,
  initializerOf,
  operatorOf,
  producerOf,
  type ScopedNode,
  statedShape,
} from "./graph-scope.ts";

/** Lengths are found a few nodes back; the bounds keep a long or hostile graph from being walked to its beginning. */
const MAXIMUM_DEPTH = 32;
const MAXIMUM_VISITS = 1024;

/** Operators whose first result has the axes of their first input. */
const SAME_AXES: ReadonlySet<string> = new Set([
  ...["Identity", "Cast", "Dropout", "Relu", "Tanh", "Sigmoid", "Gelu", "Clip", "Neg", "Softmax"],
  ...["LayerNormalization", "SimplifiedLayerNormalization", "RMSNormalization", "RotaryEmbedding"],
  ...["QuantizeLinear", "DequantizeLinear", "DynamicQuantizeLinear", "QLinearSoftmax", "BiasSoftmax", "Exp"],
  ...["Erf", "Softplus", "HardSwish", "FastGelu", "QuickGelu", "BiasGelu", "Swish"],
]);

const BROADCASTING: ReadonlySet<string> = new Set(["Add", "Sub", "Mul", "Div", "Pow", "Max", "Min", "Where"]);

/** Operators that multiply, with the places of their operands. */
const PRODUCTS: ReadonlyMap<string, readonly [number, number]> = new Map([
  ["/MatMul", [0, 1]],
  ["/Gemm", [0, 1]],
  ["/MatMulInteger", [0, 1]],
  ["/QLinearMatMul", [0, 3]],
  ["com.microsoft/FusedMatMul", [0, 1]],
  ["com.microsoft/MatMulIntegerToFloat", [0, 1]],
  ["com.microsoft/DynamicQuantizeMatMul", [0, 1]],
]);

/** One look back from a value: what was found on the way, each value once. */
interface Walk {
  readonly seen: Map<string, AxisLengths>;
  readonly depth: number;
}

/** The lengths of a value's axes: stated, or by the nodes that it comes from. What is not certain is left open. */
export function axisLengths(scope: GraphScope, value: string): AxisLengths {
  return look(scope, value, { seen: new Map(), depth: 0 });
}

function look(scope: GraphScope, value: string, { seen, depth }: Walk): AxisLengths {
  const stated = statedShape(scope, value) ?? initializerOf(scope, value)?.dims;
  if (stated?.every((length) => length !== undefined)) return { lengths: stated, isRankKnown: true };
  const key = JSON.stringify([scope.path, value]);
  const earlier = seen.get(key);
  if (earlier !== undefined) return earlier;
  // A value that comes from itself, in a malformed graph, shows nothing.
  seen.set(key, UNKNOWN);
  const found = depth > MAXIMUM_DEPTH || seen.size > MAXIMUM_VISITS ? undefined : producerOf(scope, value);
  const shown = found === undefined ? UNKNOWN : infer(found, value, { seen, depth: depth + 1 });
  const padded = stated === undefined ? undefined : ofRank(shown, stated.length)?.lengths;
  const lengths: AxisLengths =
    stated === undefined
      ? shown
      : { lengths: stated.map((length, axis) => length ?? padded?.[axis]), isRankKnown: true };
  seen.set(key, lengths);
  return lengths;
}

/** The length of a value's last axis, where the graph shows it. */
export function channelWidth(scope: GraphScope, value: string): Length {
  return axisLengths(scope, value).lengths.at(-1);
}

/** The axes that a Reshape asks for: those that it copies filled in where the graph shows them, −1 left open. */
export function reshapedLengths({ scope, node }: ScopedNode, input: AxisLengths): AxisLengths {
  const asked = askedShape(scope, node.input[1] ?? "");
  if (asked === undefined) return UNKNOWN;
  const copies = asked.isRankKnown && input.isRankKnown;
  const lengths = asked.axes.map((axis, index) =>
    axis === 0 && copies ? input.lengths[index] : axis !== undefined && axis > 0 ? axis : undefined,
  );
  return { lengths, isRankKnown: asked.isRankKnown };
}

/** The axes that a Squeeze or Unsqueeze takes out or puts in; `undefined` where they are not constant. */
export function listedAxes({ scope, node }: ScopedNode): number[] | undefined {
  return attributeOf(node, "axes")?.ints.map(Number) ?? constantIntegers(scope, node.input[1] ?? "");
}

function infer(found: ScopedNode, value: string, walk: Walk): AxisLengths {
  const { node, scope } = found;
  const of = (index: number): AxisLengths => look(scope, node.input[index] ?? "", walk);
  const operator = operatorOf(node);
  const product = PRODUCTS.get(operator);
  if (product !== undefined) return productLengths(found, of(product[0]), product[1], of);
  if (SAME_AXES.has(node.opType)) return of(0);
  if (BROADCASTING.has(node.opType)) return node.input.map((_, index) => of(index)).reduce(broadcast);
  switch (operator) {
    case "com.microsoft/MatMulNBits":
      return withLast(of(0), integerAttribute(node, "N"));
    case "/Reshape":
      return reshapedLengths(found, of(0));
    case "/Transpose":
      return permuted(of(0), attributeOf(node, "perm")?.ints.map(Number));
    case "/Split":
    case "/Slice":
      return cut(found, value, of(0));
    case "/Concat":
      return joined(
        node.input.map((_, index) => of(index)),
        integerAttribute(node, "axis") ?? 0,
      );
    case "/Expand": {
      const asked = askedShape(scope, node.input[1] ?? "");
      if (asked === undefined) return { ...of(0), lengths: of(0).lengths.map(() => undefined) };
      const lengths = asked.axes.map((axis) => (axis !== undefined && axis > 0 ? axis : undefined));
      return broadcast(of(0), { lengths, isRankKnown: asked.isRankKnown });
    }
    case "/Unsqueeze":
      return unsqueezed(of(0), listedAxes(found));
    case "/Squeeze":
      return squeezed(of(0), listedAxes(found));
    case "/Gather": {
      const picked = resolveConstant(scope, node.input[1] ?? "")?.dims;
      const axis = integerAttribute(node, "axis") ?? 0;
      return picked?.length === 0 ? squeezed(of(0), [axis]) : UNKNOWN;
    }
    case "/Einsum":
      return einsumLengths(found, of);
    case "com.microsoft/MultiHeadAttention":
      return withLast(of(0), of(2).lengths.at(-1) ?? of(0).lengths.at(-1));
    case "com.microsoft/GroupQueryAttention":
      return withLast(of(0), queryWidth(node, of(0).lengths.at(-1)));
    case "/Attention":
      return node.output[0] === value ? attentionLengths(node, of) : UNKNOWN;
    default:
      return UNKNOWN;
  }
}

/** A product's axes: those before the last two broadcast, then the rows of one and the columns of the other. */
function productLengths(
  { node, scope }: ScopedNode,
  left: AxisLengths,
  right: number,
  of: (index: number) => AxisLengths,
): AxisLengths {
  const isSet = (name: string): boolean => integerAttribute(node, name) === 1;
  if (isSet("transBatchA") || isSet("transBatchB")) return UNKNOWN;
  const constant = resolveConstant(scope, node.input[right] ?? "")?.dims;
  const other = constant === undefined ? of(right) : { lengths: constant, isRankKnown: true };
  const columns = other.lengths.at(isSet("transB") ? -2 : -1);
  const rows = left.lengths.at(isSet("transA") ? -1 : -2);
  const isVector = [left, other].some(({ lengths, isRankKnown }) => isRankKnown && lengths.length < 2);
  if (isVector) return UNKNOWN;
  const before = ({ lengths, isRankKnown }: AxisLengths): AxisLengths => ({
    lengths: lengths.slice(0, -2),
    isRankKnown,
  });
  const batch = broadcast(before(left), before(other));
  return { lengths: [...batch.lengths, rows, columns], isRankKnown: batch.isRankKnown };
}

function cut(found: ScopedNode, value: string, input: AxisLengths): AxisLengths {
  const cuts = axisCuts(found, value, input);
  const isSure = cuts?.every(({ axis }) => axis !== undefined) ?? false;
  if (cuts === undefined || !isSure) return { ...input, lengths: input.lengths.map(() => undefined) };
  const rank = input.lengths.length;
  const lengths = input.lengths.map((length, index) => {
    const own = cuts.find(({ axis }) => axis === index - rank);
    return own === undefined ? length : own.length;
  });
  // Of an axis beyond those that are known, the length says something where it is the last.
  const [only] = cuts;
  return rank === 0 && only?.axis === -1 ? { ...input, lengths: [only.length] } : { ...input, lengths };
}

/** Standard attention, of queries with four axes [batch, heads, tokens, channels], or with three. */
function attentionLengths(node: NodeProto, of: (index: number) => AxisLengths): AxisLengths {
  const [heads, shared] = ["q_num_heads", "kv_num_heads"].map((name) => integerAttribute(node, name) ?? 0);
  const queries = of(0);
  const width = of(2).lengths.at(-1);
  if (!heads || !shared) {
    // Three axes need the attributes.
    const lengths = ofRank(queries, 4)?.lengths ?? [undefined, undefined, undefined];
    return { lengths: [...lengths.slice(0, 3), width], isRankKnown: true };
  }
  return withLast(queries, width === undefined ? undefined : (width / shared) * heads);
}

/** Queries of grouped-query attention may come packed with the keys and values. */
function queryWidth(node: NodeProto, width: Length): Length {
  if (width === undefined || (node.input[1] ?? "") !== "") return width;
  const heads = integerAttribute(node, "num_heads") ?? 0;
  const shared = integerAttribute(node, "kv_num_heads") ?? 0;
  return heads === 0 ? undefined : (width * heads) / (heads + 2 * shared);
}

function einsumLengths({ node }: ScopedNode, of: (index: number) => AxisLengths): AxisLengths {
  const equation = einsumEquation(node);
  if (equation === undefined) return UNKNOWN;
  const byLetter = new Map<string, number>();
  for (const [index, letters] of equation.operands.entries()) {
    const { lengths } = of(index);
    for (const [place, letter] of letters.entries()) {
      const length = lengths.at(place - letters.length);
      // An axis of length 1 may be broadcast against the same letter elsewhere.
      if (length !== undefined && length > (byLetter.get(letter) ?? 0)) byLetter.set(letter, length);
    }
  }
  return {
    lengths: equation.result.map((letter) => byLetter.get(letter)),
    isRankKnown: !equation.hasEllipsis,
  };
}

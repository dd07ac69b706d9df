import type { NodeProto } from "onnx-buf";
import {
  type AxisSizes,
  broadcast,
  broadcastSize,
  fixedSizes,
  joined,
  numbersOf,
  ofRank,
  permuted,
  squeezed,
  UNKNOWN,
  unsqueezed,
  withLast,
} from "./axis-arithmetic.ts";
import { listedIntegers, resolveConstant } from "./constant-values.ts";
import { axisCuts } from "./cut-ranges.ts";
import { einsumEquation } from "./einsum-equation.ts";
import { operatorOf, type ScopedNode } from "./graph-scope.ts";
import { attributeOf, axisAttribute, inputOf, integerAttribute, operatorSet } from "./node-parts.ts";
import type { KnownInputs, ShapeVector } from "./shape-values.ts";
import { addSizes, countOf, divideSizes, fixedSize, multiplySizes, type Size } from "./sizes.ts";
import { slidingAxes } from "./sliding-axes.ts";

/** Operators whose first result has the axes of their first input. */
const SAME_AXES = operatorSet(`
  Identity Cast CastLike Dropout Abs Neg Sign Exp Log Sqrt Reciprocal Erf Sin Cos Floor Ceil Round Clip Not IsNaN
  Relu LeakyRelu PRelu Elu Selu Celu Gelu Tanh Sigmoid HardSigmoid HardSwish Mish Softplus Softsign ThresholdedRelu
  FastGelu QuickGelu BiasGelu Swish Softmax LogSoftmax QLinearSoftmax BiasSoftmax CumSum Trilu ScatterND ScatterElements
  LayerNormalization SimplifiedLayerNormalization RMSNormalization SkipLayerNormalization SkipSimplifiedLayerNormalization
  BatchNormalization InstanceNormalization GroupNormalization GroupNorm LpNormalization MeanVarianceNormalization
  QuantizeLinear DequantizeLinear DynamicQuantizeLinear RotaryEmbedding
`);

const BROADCASTING = operatorSet(`
  Add Sub Mul Div Pow Mod Max Min Sum Mean Where Equal Less LessOrEqual Greater GreaterOrEqual And Or Xor
`);

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

/** The axes of what a node makes, by what is known of its inputs. */
export function inferAxes(found: ScopedNode, value: string, inputs: KnownInputs): AxisSizes {
  const { node, scope } = found;
  const of = inputs.sizes;
  const operator = operatorOf(node);
  if (operator === "/Split") return cut(found, value, of(0));
  if (node.output[0] !== value) return UNKNOWN;
  const product = PRODUCTS.get(operator);
  if (product !== undefined) return productSizes(found, of(product[0]), product[1], of);
  if (SAME_AXES.has(node.opType)) return of(0);
  if (BROADCASTING.has(node.opType)) return node.input.map((_, index) => of(index)).reduce(broadcast);
  if (node.opType.startsWith("Reduce")) return reducedSizes(found, of(0));
  switch (operator) {
    case "/Constant":
      return fixedSizes(resolveConstant(scope, value)?.dims ?? []);
    case "com.microsoft/MatMulNBits":
      return withLast(of(0), fixedSize(integerAttribute(node, "N") ?? 0));
    case "/Reshape":
      return reshapedSizes(node, of(0), inputs.vector(1));
    case "/Flatten":
      return flattenedSizes(of(0), integerAttribute(node, "axis") ?? 1);
    case "/Transpose":
      return permuted(of(0), attributeOf(node, "perm")?.ints.map(Number));
    case "/Slice":
      return cut(found, value, of(0));
    case "/Concat":
      return joined(
        node.input.map((_, index) => of(index)),
        axisAttribute(node),
      );
    case "/Expand": {
      const asked = inputs.vector(1);
      if (asked === undefined) return { ...of(0), sizes: of(0).sizes.map(() => undefined) };
      return broadcast(of(0), { sizes: asked.axes, isRankKnown: asked.isRankKnown });
    }
    case "/ConstantOfShape": {
      const asked = inputs.vector(0);
      return asked === undefined ? UNKNOWN : { sizes: asked.axes, isRankKnown: asked.isRankKnown };
    }
    case "/Tile":
      return combined(of(0), inputs.vector(1)?.axes, multiplySizes);
    case "/Pad": {
      const pads = listedIntegers(found, "pads", 1);
      const isEvery = inputOf(node, 3) === "";
      const half = (pads?.length ?? 0) / 2;
      const added = pads?.slice(0, half).map((before, axis) => fixedSize(before + (pads[half + axis] ?? 0)));
      return combined(of(0), isEvery ? added : undefined, addSizes);
    }
    case "/Unsqueeze":
      return unsqueezed(of(0), listedAxes(found));
    case "/Squeeze":
      return squeezed(of(0), listedAxes(found));
    case "/Gather": {
      const [data, picked, axis] = [of(0), of(1), axisAttribute(node)];
      if (!data.isRankKnown || !picked.isRankKnown) return UNKNOWN;
      const at = axis < 0 ? axis + data.sizes.length : axis;
      return {
        sizes: [...data.sizes.slice(0, at), ...picked.sizes, ...data.sizes.slice(at + 1)],
        isRankKnown: true,
      };
    }
    case "/Conv":
      return slidingAxes(node, of(0), of(1));
    case "/MaxPool":
    case "/AveragePool":
      return slidingAxes(node, of(0));
    case "/Einsum":
      return einsumSizes(found, of);
    case "com.microsoft/MultiHeadAttention":
      return withLast(of(0), of(2).sizes.at(-1) ?? of(0).sizes.at(-1));
    case "com.microsoft/GroupQueryAttention":
      return withLast(of(0), queryWidth(node, of(0).sizes.at(-1)));
    case "/Attention":
      return attentionSizes(node, of);
    default:
      return UNKNOWN;
  }
}

/**
 * The axes that a Reshape asks for: those that it copies filled in where the graph shows them, and −1 where the others
 * leave one length for it.
 */
function reshapedSizes(node: NodeProto, input: AxisSizes, asked: ShapeVector | undefined): AxisSizes {
  if (asked === undefined) return UNKNOWN;
  const isCopied = integerAttribute(node, "allowzero") !== 1;
  const sizes = asked.axes.map((axis, index) => {
    if (countOf(axis) !== 0 || !isCopied) return axis;
    return input.isRankKnown && asked.isRankKnown ? input.sizes[index] : undefined;
  });
  const open = sizes.findIndex((size) => countOf(size) === -1);
  if (open < 0) return { sizes, isRankKnown: asked.isRankKnown };
  const isWhole = input.isRankKnown && asked.isRankKnown;
  const rest = isWhole ? openSize(input.sizes, sizes.toSpliced(open, 1)) : undefined;
  return { sizes: sizes.with(open, rest), isRankKnown: asked.isRankKnown };
}

/** What is left of the elements for one axis; lengths on both sides cancel out. */
function openSize(
  input: readonly (Size | undefined)[],
  others: readonly (Size | undefined)[],
): Size | undefined {
  const [all, taken] = [input, others].map((sizes) => sizes.reduce(multiplySizes, fixedSize(1)));
  return divideSizes(all, taken);
}

/** The axes that a Squeeze or Unsqueeze takes out or puts in; `undefined` where they are not constant. */
export function listedAxes(found: ScopedNode): number[] | undefined {
  return listedIntegers(found, "axes", 1);
}

/** The two axes of a Flatten. */
function flattenedSizes({ sizes, isRankKnown }: AxisSizes, axis: number): AxisSizes {
  const at = axis < 0 ? axis + sizes.length : axis;
  const parts = isRankKnown ? [sizes.slice(0, at), sizes.slice(at)] : [[undefined], [undefined]];
  return { sizes: parts.map((part) => part.reduce(multiplySizes, fixedSize(1))), isRankKnown: true };
}

/** Each axis with the entry of a vector that has one for every axis. */
function combined(
  { sizes, isRankKnown }: AxisSizes,
  entries: readonly (Size | undefined)[] | undefined,
  combine: (size: Size | undefined, entry: Size | undefined) => Size | undefined,
): AxisSizes {
  return {
    sizes: sizes.map((size, axis) => combine(size, isRankKnown ? entries?.[axis] : undefined)),
    isRankKnown,
  };
}

/** The axes of a sum, mean, maximum or the like along some of them. */
function reducedSizes(found: ScopedNode, input: AxisSizes): AxisSizes {
  const axes = listedAxes(found);
  const { sizes, isRankKnown } = input;
  if (!isRankKnown || axes === undefined) return UNKNOWN;
  if (integerAttribute(found.node, "keepdims") === 0) return squeezed(input, axes);
  const places = new Set(axes.map((axis) => (axis < 0 ? axis + sizes.length : axis)));
  return { sizes: sizes.map((size, axis) => (places.has(axis) ? fixedSize(1) : size)), isRankKnown };
}

/** A product's axes: those before the last two broadcast, then the rows of one and the columns of the other. */
function productSizes(
  { node, scope }: ScopedNode,
  left: AxisSizes,
  right: number,
  of: (index: number) => AxisSizes,
): AxisSizes {
  const isSet = (name: string): boolean => integerAttribute(node, name) === 1;
  if (isSet("transBatchA") || isSet("transBatchB")) return UNKNOWN;
  const constant = resolveConstant(scope, inputOf(node, right))?.dims;
  const other = constant === undefined ? of(right) : fixedSizes(constant);
  const columns = other.sizes.at(isSet("transB") ? -2 : -1);
  const rows = left.sizes.at(isSet("transA") ? -1 : -2);
  const isVector = [left, other].some(({ sizes, isRankKnown }) => isRankKnown && sizes.length < 2);
  if (isVector) return UNKNOWN;
  const before = ({ sizes, isRankKnown }: AxisSizes): AxisSizes => ({
    sizes: sizes.slice(0, -2),
    isRankKnown,
  });
  const batch = broadcast(before(left), before(other));
  return { sizes: [...batch.sizes, rows, columns], isRankKnown: batch.isRankKnown };
}

function cut(found: ScopedNode, value: string, input: AxisSizes): AxisSizes {
  const { sizes } = input;
  const cuts = axisCuts(found, value, numbersOf(input));
  const isSure = cuts?.every(({ axis }) => axis !== undefined) ?? false;
  if (cuts === undefined || !isSure) return { ...input, sizes: sizes.map(() => undefined) };
  const sizeOf = (length: number | undefined): Size | undefined =>
    length === undefined ? undefined : fixedSize(length);
  // Of an axis beyond those that are known, the length says something where it is the last.
  const [only] = cuts;
  if (sizes.length === 0 && only?.axis === -1) return { ...input, sizes: [sizeOf(only.length)] };
  return {
    ...input,
    sizes: sizes.map((size, index) => {
      const own = cuts.find(({ axis }) => axis === index - sizes.length);
      return own === undefined ? size : sizeOf(own.length);
    }),
  };
}

/** Standard attention, of queries with four axes [batch, heads, tokens, channels], or with three. */
function attentionSizes(node: NodeProto, of: (index: number) => AxisSizes): AxisSizes {
  const [heads, shared] = ["q_num_heads", "kv_num_heads"].map((name) => integerAttribute(node, name) ?? 0);
  const queries = of(0);
  const width = of(2).sizes.at(-1);
  if (!heads || !shared) {
    // Three axes need the attributes.
    const sizes = ofRank(queries, 4)?.sizes ?? [undefined, undefined, undefined];
    return { sizes: [...sizes.slice(0, 3), width], isRankKnown: true };
  }
  return withLast(queries, multiplySizes(divideSizes(width, fixedSize(shared)), fixedSize(heads)));
}

/** Queries of grouped-query attention may come packed with the keys and values. */
function queryWidth(node: NodeProto, width: Size | undefined): Size | undefined {
  if (width === undefined || inputOf(node, 1) !== "") return width;
  const heads = integerAttribute(node, "num_heads") ?? 0;
  const shared = integerAttribute(node, "kv_num_heads") ?? 0;
  if (heads === 0) return undefined;
  return divideSizes(multiplySizes(width, fixedSize(heads)), fixedSize(heads + 2 * shared));
}

function einsumSizes({ node }: ScopedNode, of: (index: number) => AxisSizes): AxisSizes {
  const equation = einsumEquation(node);
  if (equation === undefined) return UNKNOWN;
  const byLetter = new Map<string, Size | undefined>();
  for (const [index, letters] of equation.operands.entries()) {
    const { sizes } = of(index);
    for (const [place, letter] of letters.entries()) {
      const size = sizes.at(place - letters.length);
      // An axis of length 1 may be broadcast against the same letter elsewhere.
      byLetter.set(letter, byLetter.has(letter) ? broadcastSize(byLetter.get(letter), size) : size);
    }
  }
  return {
    sizes: equation.result.map((letter) => byLetter.get(letter)),
    isRankKnown: !equation.hasEllipsis,
  };
}

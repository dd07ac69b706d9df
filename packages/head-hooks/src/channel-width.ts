import type { NodeProto } from "onnx-buf";
import {
  askedShape,
  attributeOf,
  constantIntegers,
  integerAttribute,
  resolveConstant,
} from "./constant-values.ts";
import { type GraphScope, initializerOf, operatorOf, producerOf, statedShape } from "./graph-scope.ts";

/** Widths pass a few nodes between two products; the bound keeps a malformed graph with a cycle from looping. */
const MAXIMUM_STEPS = 16;

/** Operators whose result is as wide as their first input. */
const SAME_WIDTH: ReadonlySet<string> = new Set([
  ...[
    "Identity",
    "Cast",
    "Dropout",
    "Relu",
    "Tanh",
    "Sigmoid",
    "Gelu",
    "Erf",
    "Clip",
    "Softplus",
    "HardSwish",
  ],
  ...["FastGelu", "QuickGelu", "BiasGelu", "Swish", "LayerNormalization", "SimplifiedLayerNormalization"],
  ...["RMSNormalization", "QuantizeLinear", "DequantizeLinear", "DynamicQuantizeLinear", "RotaryEmbedding"],
]);

const BROADCASTING: ReadonlySet<string> = new Set(["Add", "Sub", "Mul", "Div", "Pow"]);

const PRODUCTS: ReadonlySet<string> = new Set([
  "/MatMul",
  "/Gemm",
  "/MatMulInteger",
  "com.microsoft/FusedMatMul",
]);

/**
 * The length of a value's last axis, as far as the graph shows it: stated, or by the product, reshape, split or slice
 * that it comes from.
 */
export function channelWidth(scope: GraphScope, value: string, step = 0): number | undefined {
  const stated = statedShape(scope, value)?.at(-1) ?? initializerOf(scope, value)?.dims.at(-1);
  const found = producerOf(scope, value);
  if (stated !== undefined || found === undefined || step > MAXIMUM_STEPS) return stated;
  const { node } = found;
  const widthOf = (input: string | undefined): number | undefined =>
    input === undefined || input === "" ? undefined : channelWidth(found.scope, input, step + 1);
  const operator = operatorOf(node);
  if (PRODUCTS.has(operator)) {
    const dims = resolveConstant(found.scope, node.input[1] ?? "")?.dims;
    return dims?.length === 2 ? dims[integerAttribute(node, "transB") === 1 ? 0 : 1] : undefined;
  }
  if (operator === "com.microsoft/MatMulNBits") return integerAttribute(node, "N");
  if (operator === "com.microsoft/MultiHeadAttention")
    return widthOf(node.input[2]) ?? widthOf(node.input[0]);
  if (operator === "com.microsoft/GroupQueryAttention") return queryWidth(node, widthOf);
  if (operator === "/Reshape") {
    const last = askedShape(found.scope, node.input[1] ?? "")?.axes.at(-1);
    return last !== undefined && last > 0 ? last : undefined;
  }
  if (operator === "/Split") return splitWidth(found.scope, node, value, widthOf(node.input[0]));
  if (operator === "/Slice") return sliceWidth(found.scope, node, widthOf(node.input[0]));
  if (BROADCASTING.has(node.opType)) {
    const widths = node.input.map(widthOf);
    const wide = widths.find((width) => width !== undefined && width > 1);
    return wide ?? (widths.includes(undefined) ? undefined : 1);
  }
  return SAME_WIDTH.has(node.opType) ? widthOf(node.input[0]) : undefined;
}

/** Queries of grouped-query attention may come packed with the keys and values. */
function queryWidth(
  node: NodeProto,
  widthOf: (input: string | undefined) => number | undefined,
): number | undefined {
  const width = widthOf(node.input[0]);
  if (width === undefined || (node.input[1] ?? "") !== "") return width;
  const heads = integerAttribute(node, "num_heads") ?? 0;
  const shared = integerAttribute(node, "kv_num_heads") ?? 0;
  return heads === 0 ? undefined : (width * heads) / (heads + 2 * shared);
}

function splitWidth(
  scope: GraphScope,
  node: NodeProto,
  value: string,
  whole: number | undefined,
): number | undefined {
  if (!isLastAxis(integerAttribute(node, "axis") ?? 0)) return whole;
  const sizes = attributeOf(node, "split")?.ints.map(Number) ?? constantIntegers(scope, node.input[1] ?? "");
  if (sizes !== undefined) return sizes[node.output.indexOf(value)];
  const share = whole === undefined ? undefined : whole / node.output.length;
  return Number.isInteger(share) ? share : undefined;
}

function sliceWidth(scope: GraphScope, node: NodeProto, whole: number | undefined): number | undefined {
  const [starts, ends, axes] = (["starts", "ends", "axes"] as const).map(
    (name, index) =>
      attributeOf(node, name)?.ints.map(Number) ?? constantIntegers(scope, node.input[index + 1] ?? ""),
  );
  const [start, end, axis] = [starts?.[0], ends?.[0], axes?.[0]];
  if (start === undefined || end === undefined || axis === undefined || axes?.length !== 1) return undefined;
  if (!isLastAxis(axis)) return whole;
  if (start >= 0 && end >= start && (whole === undefined || end <= whole)) return end - start;
  return whole === undefined
    ? undefined
    : Math.min(end < 0 ? whole + end : end, whole) - (start < 0 ? whole + start : start);
}

/** Tensors of tokens have three axes, so the last one is −1 or 2. */
function isLastAxis(axis: number): boolean {
  return axis === -1 || axis === 2;
}

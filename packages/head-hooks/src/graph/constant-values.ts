import { fromBinary } from "@bufbuild/protobuf";
import { type TensorProto, TensorProto_DataType, TensorProtoSchema } from "onnx-buf";
import { type GraphScope, initializerOf, producerOf, type ScopedNode } from "./graph-scope.ts";
import { attributeOf, inputOf, integerAttribute } from "./node-parts.ts";
import { type TensorHeader, tensorHeader } from "./read-model.ts";

/** A constant passes few nodes on its way; the bound keeps a malformed graph with a cycle from looping. */
const MAXIMUM_PATH = 16;

/** Shapes, axes and permutations are short; longer tensors are weights, which are never decoded. */
const MAXIMUM_INTEGERS = 64;

const INT64: number = TensorProto_DataType.INT64;
const INT32: number = TensorProto_DataType.INT32;

/**
 * The constant at the end of a value's path through Cast, Transpose, Identity and DequantizeLinear, as it stands at
 * the beginning of the path: dims transposed, type cast.
 */
export function resolveConstant(scope: GraphScope, value: string, depth = 0): TensorHeader | undefined {
  const initializer = initializerOf(scope, value);
  if (initializer !== undefined) return initializer;
  const found = producerOf(scope, value);
  if (found === undefined || depth > MAXIMUM_PATH) return undefined;
  const { node } = found;
  if (node.opType === "Constant") {
    const tensor = attributeOf(node, "value")?.t;
    return tensor === undefined ? undefined : tensorHeader(tensor, value);
  }
  if (!["Identity", "Cast", "Transpose", "DequantizeLinear"].includes(node.opType)) return undefined;
  const source = resolveConstant(found.scope, inputOf(node, 0), depth + 1);
  if (source === undefined || node.opType === "Identity") return source;
  if (node.opType === "Cast") return { ...source, elementType: integerAttribute(node, "to") ?? 0 };
  if (node.opType === "Transpose") {
    const order = attributeOf(node, "perm")?.ints.map(Number) ?? [...source.dims.keys()].reverse();
    return { ...source, dims: order.map((axis) => source.dims[axis] ?? 0) };
  }
  const scale = resolveConstant(found.scope, inputOf(node, 1), depth + 1);
  return { ...source, elementType: integerAttribute(node, "output_dtype") ?? scale?.elementType ?? 0 };
}

/** The integers of a short constant, such as a shape, also behind Cast, Identity, Squeeze and Unsqueeze. */
export function constantIntegers(scope: GraphScope, value: string, depth = 0): number[] | undefined {
  const initializer = initializerOf(scope, value);
  if (initializer !== undefined) return headerIntegers(initializer);
  const found = producerOf(scope, value);
  if (found === undefined || depth > MAXIMUM_PATH) return undefined;
  const { node } = found;
  if (["Cast", "Identity", "Squeeze", "Unsqueeze"].includes(node.opType)) {
    return constantIntegers(found.scope, inputOf(node, 0), depth + 1);
  }
  if (node.opType !== "Constant") return undefined;
  const [attribute] = node.attribute;
  if (attribute?.name === "value_ints") return attribute.ints.map(Number);
  if (attribute?.name === "value_int") return [Number(attribute.i)];
  return attribute?.t === undefined ? undefined : tensorIntegers(attribute.t);
}

/** Integers that a node takes as an attribute, or in newer operator sets as a constant input. */
export function listedIntegers(
  { scope, node }: ScopedNode,
  attribute: string,
  input: number,
): number[] | undefined {
  return attributeOf(node, attribute)?.ints.map(Number) ?? constantIntegers(scope, inputOf(node, input));
}

function headerIntegers({ dims, elementType, encoded }: TensorHeader): number[] | undefined {
  const length = dims.reduce((product, axis) => product * axis, 1);
  if (encoded === undefined || length > MAXIMUM_INTEGERS || ![INT64, INT32].includes(elementType))
    return undefined;
  return tensorIntegers(fromBinary(TensorProtoSchema, encoded));
}

function tensorIntegers(tensor: TensorProto): number[] | undefined {
  const { dataType, rawData, int64Data, int32Data } = tensor;
  if (dataType !== INT64 && dataType !== INT32) return undefined;
  const size = dataType === INT64 ? 8 : 4;
  if (rawData.length > MAXIMUM_INTEGERS * size) return undefined;
  if (rawData.length === 0) return (dataType === INT64 ? int64Data : int32Data).map(Number);
  const data = new DataView(rawData.buffer, rawData.byteOffset, rawData.byteLength);
  return Array.from({ length: Math.floor(rawData.length / size) }, (_, index) =>
    size === 8 ? Number(data.getBigInt64(index * size, true)) : data.getInt32(index * size, true),
  );
}

import { type AttributeProto, type NodeProto, TensorProto_DataType } from "onnx-buf";
import { type ModelView, readModel, type TensorHeader, tensorHeader } from "./read-model.ts";

/** The element type of a projection's input. */
export type ElementType = "float32" | "float16" | "bfloat16" | "float64";

/** A node that multiplies token vectors by a constant matrix. */
export interface Projection {
  /** The node's name; may be empty, since ONNX does not ask for one. */
  readonly node: string;
  /** The node's place in the graph's node list. */
  readonly nodeIndex: number;
  readonly op: "MatMul" | "Gemm" | "FusedMatMul";
  /** The name of the initializer, or of the Constant node's value, that the weight comes from. */
  readonly weight: string;
  /** The name of the tensor that is multiplied. */
  readonly input: string;
  readonly inputChannels: number;
  readonly outputChannels: number;
  /** The element type of the input, which is the weight's where it meets the node. */
  readonly elementType: ElementType;
}

const OPS: ReadonlyMap<string, Projection["op"]> = new Map([
  ["/MatMul", "MatMul"],
  ["/Gemm", "Gemm"],
  ["com.microsoft/FusedMatMul", "FusedMatMul"],
]);

const ELEMENT_TYPES: ReadonlyMap<number, ElementType> = new Map([
  [TensorProto_DataType.FLOAT, "float32"],
  [TensorProto_DataType.FLOAT16, "float16"],
  [TensorProto_DataType.BFLOAT16, "bfloat16"],
  [TensorProto_DataType.DOUBLE, "float64"],
]);

/** A weight passes few nodes on its way; the bound keeps a malformed graph with a cycle from looping. */
const MAXIMUM_WEIGHT_PATH = 16;

/**
 * List a model's projections: the MatMul, Gemm and com.microsoft FusedMatMul nodes of the main graph whose second
 * input is a constant matrix, directly or through Cast, Transpose, Identity or DequantizeLinear.
 *
 * Nodes that transpose their first input are left out: its last axis is not the channels.
 *
 * @throws HeadHooksError `malformed-model` if the bytes are no ONNX model.
 * @example
 * ```ts
 * for (const { node, op, inputChannels } of listProjections(await readFile("model.onnx"))) {
 *   console.log(node, op, inputChannels);
 * }
 * ```
 */
export function listProjections(model: Uint8Array): Projection[] {
  return findProjections(readModel(model));
}

/** {@link listProjections} of a model that was read already. */
export function findProjections(view: ModelView): Projection[] {
  const producers = new Map<string, NodeProto>();
  for (const node of view.nodes) for (const output of node.output) producers.set(output, node);
  return view.nodes.flatMap((node, nodeIndex) => {
    const op = OPS.get(`${node.domain === "ai.onnx" ? "" : node.domain}/${node.opType}`);
    const [input, weightInput] = node.input;
    if (op === undefined || input === undefined || weightInput === undefined) return [];
    if (["transA", "transBatchA", "transBatchB"].some((name) => integerAttribute(node, name) === 1))
      return [];
    const weight = resolveWeight(weightInput, view, producers);
    const elementType = weight === undefined ? undefined : ELEMENT_TYPES.get(weight.elementType);
    if (weight === undefined || elementType === undefined) return [];
    const transposed = integerAttribute(node, "transB") === 1;
    const [rows, columns, ...more] = weight.dims;
    if (rows === undefined || columns === undefined || more.length > 0) return [];
    const [inputChannels, outputChannels] = transposed ? [columns, rows] : [rows, columns];
    const name = node.name;
    return [
      { node: name, nodeIndex, op, weight: weight.name, input, inputChannels, outputChannels, elementType },
    ];
  });
}

/** The names that a pattern is held against: the node's, the weight's, and the weight's without `.weight`. */
export function projectionNames(projection: Projection): string[] {
  const { node, weight } = projection;
  return [node, weight, weight.replace(/\.weight$/, "")].filter((name) => name !== "");
}

/** The constant at the end of a value's path, as it stands at its beginning: dims transposed, type cast. */
function resolveWeight(
  value: string,
  view: ModelView,
  producers: ReadonlyMap<string, NodeProto>,
  depth = 0,
): TensorHeader | undefined {
  const initializer = view.initializers.get(value);
  if (initializer !== undefined) return initializer;
  const node = producers.get(value);
  if (node === undefined || depth > MAXIMUM_WEIGHT_PATH) return undefined;
  if (node.opType === "Constant") {
    const tensor = attribute(node, "value")?.t;
    return tensor === undefined ? undefined : tensorHeader(tensor, value);
  }
  const source = resolveWeight(node.input[0] ?? "", view, producers, depth + 1);
  if (source === undefined) return undefined;
  if (node.opType === "Identity") return source;
  if (node.opType === "Cast") return { ...source, elementType: integerAttribute(node, "to") ?? 0 };
  if (node.opType === "Transpose") {
    const order = attribute(node, "perm")?.ints.map(Number) ?? [...source.dims.keys()].reverse();
    return { ...source, dims: order.map((axis) => source.dims[axis] ?? 0) };
  }
  if (node.opType === "DequantizeLinear") {
    const scale = resolveWeight(node.input[1] ?? "", view, producers, depth + 1);
    const elementType = integerAttribute(node, "output_dtype") ?? scale?.elementType ?? 0;
    return { ...source, elementType };
  }
  return undefined;
}

function attribute(node: NodeProto, name: string): AttributeProto | undefined {
  return node.attribute.find((entry) => entry.name === name);
}

function integerAttribute(node: NodeProto, name: string): number | undefined {
  const found = attribute(node, name);
  return found === undefined ? undefined : Number(found.i);
}

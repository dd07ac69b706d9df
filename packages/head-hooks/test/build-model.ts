import { create, type MessageInitShape, toBinary } from "@bufbuild/protobuf";
import {
  AttributeProto_AttributeType,
  AttributeProtoSchema,
  type FunctionProtoSchema,
  type GraphProtoSchema,
  ModelProtoSchema,
  type NodeProtoSchema,
  TensorProto_DataLocation,
  TensorProto_DataType,
  TensorProtoSchema,
  type ValueInfoProtoSchema,
} from "onnx-buf";

/** Element types by the names that the tests use. */
export type Element = "float32" | "float16" | "bfloat16" | "int64" | "int32" | "uint8";
export const ELEMENT: Readonly<Record<Element, TensorProto_DataType>> = {
  float32: TensorProto_DataType.FLOAT,
  float16: TensorProto_DataType.FLOAT16,
  bfloat16: TensorProto_DataType.BFLOAT16,
  int64: TensorProto_DataType.INT64,
  int32: TensorProto_DataType.INT32,
  uint8: TensorProto_DataType.UINT8,
};

type NodeInit = MessageInitShape<typeof NodeProtoSchema>;
type TensorInit = MessageInitShape<typeof TensorProtoSchema>;
type GraphInit = MessageInitShape<typeof GraphProtoSchema>;
/** An attribute: an integer, integers, a text, a tensor, or a float, a graph, or the attribute of a function's call. */
type AttributeInit =
  number | number[] | string | TensorInit | { f: number } | { graph: GraphInit } | { ref: string };

/** A node; without a name it takes its first output's. */
export function node(
  opType: string,
  input: string[],
  output: string | string[],
  attributes: Record<string, AttributeInit> = {},
  domain = "",
  name?: string,
  metadata: Record<string, string> = {},
): NodeInit {
  const outputs = typeof output === "string" ? [output] : output;
  const attribute = Object.entries(attributes).map(([key, value]) => attributeInit(key, value));
  return {
    opType,
    input,
    output: outputs,
    domain,
    name: name ?? outputs[0] ?? "",
    attribute: attribute.map((entry) => create(AttributeProtoSchema, entry)),
    metadataProps: Object.entries(metadata).map(([key, value]) => ({ key, value })),
  };
}

function attributeInit(name: string, value: AttributeInit): MessageInitShape<typeof AttributeProtoSchema> {
  const { INT, INTS, STRING, FLOAT, GRAPH, TENSOR } = AttributeProto_AttributeType;
  if (typeof value === "number") return { name, type: INT, i: BigInt(value) };
  if (typeof value === "string") return { name, type: STRING, s: new TextEncoder().encode(value) };
  if (Array.isArray(value)) return { name, type: INTS, ints: value.map(BigInt) };
  if ("f" in value) return { name, type: FLOAT, f: value.f };
  if ("graph" in value) return { name, type: GRAPH, g: value.graph };
  if ("ref" in value) return { name, type: INT, refAttrName: value.ref };
  return { name, type: TENSOR, t: create(TensorProtoSchema, value) };
}

/** An initializer from numbers, encoded as its type. */
export function tensor(
  name: string,
  dims: number[],
  values: ArrayLike<number>,
  type: Element = "float32",
): TensorInit {
  return {
    name,
    dims: dims.map(BigInt),
    dataType: ELEMENT[type],
    rawData: encode(values, type),
  };
}

/** An initializer whose values lie in a file. */
export function externalTensor(
  name: string,
  dims: number[],
  location: string,
  offset: number,
  length: number,
  type: Element = "float32",
): TensorInit {
  const entries = { location, offset: String(offset), length: String(length) };
  return {
    name,
    dims: dims.map(BigInt),
    dataType: ELEMENT[type],
    dataLocation: TensorProto_DataLocation.EXTERNAL,
    externalData: Object.entries(entries).map(([key, value]) => ({ key, value })),
  };
}

/** A graph input or output. */
export function value(
  name: string,
  dims: (number | string)[] | undefined,
  type: Element = "float32",
  metadata: Record<string, string> = {},
): MessageInitShape<typeof ValueInfoProtoSchema> {
  const shape =
    dims === undefined
      ? {}
      : {
          shape: {
            dim: dims.map((axis) => ({
              value:
                typeof axis === "number"
                  ? { case: "dimValue" as const, value: BigInt(axis) }
                  : { case: "dimParam" as const, value: axis },
            })),
          },
        };
  return {
    name,
    type: { value: { case: "tensorType", value: { elemType: ELEMENT[type], ...shape } } },
    metadataProps: Object.entries(metadata).map(([key, text]) => ({ key, value: text })),
  };
}

/** The parts of a small model. */
export interface ModelParts {
  nodes: NodeInit[];
  inputs: ReturnType<typeof value>[];
  outputs: ReturnType<typeof value>[];
  initializers?: TensorInit[];
  valueInfos?: ReturnType<typeof value>[];
  functions?: MessageInitShape<typeof FunctionProtoSchema>[];
  opset?: number;
  irVersion?: number;
}

/** Encode a model. */
export function model({
  nodes,
  inputs,
  outputs,
  initializers = [],
  valueInfos = [],
  functions = [],
  opset = 21,
  irVersion = 10,
}: ModelParts): Uint8Array {
  return toBinary(
    ModelProtoSchema,
    create(ModelProtoSchema, {
      irVersion: BigInt(irVersion),
      producerName: "head-hooks tests",
      opsetImport: [
        { domain: "", version: BigInt(opset) },
        { domain: "com.microsoft", version: 1n },
        ...[...new Set(functions.map(({ domain = "" }) => domain))].map((domain) => ({
          domain,
          version: 1n,
        })),
      ],
      functions,
      graph: {
        name: "test",
        node: nodes,
        initializer: initializers,
        input: inputs,
        output: outputs,
        valueInfo: valueInfos,
      },
    }),
  );
}

/** Repeatable values in [−1, 1): a linear congruential generator. */
export function randomValues(count: number, seed: number): Float32Array<ArrayBuffer> {
  let state = seed >>> 0;
  return Float32Array.from({ length: count }, () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 31 - 1;
  });
}

/** The upper half of a float32, truncated: bfloat16. */
export function encode(values: ArrayLike<number>, type: Element): Uint8Array<ArrayBuffer> {
  if (type === "int64") return bytesOf(BigInt64Array.from(Array.from(values), BigInt));
  if (type === "int32") return new Uint8Array(Int32Array.from(Array.from(values)).buffer);
  if (type === "uint8") return Uint8Array.from(values);
  const floats = Float32Array.from(values);
  if (type === "float32") return bytesOf(floats);
  const bits = new Uint32Array(floats.buffer);
  return bytesOf(Uint16Array.from(bits, type === "bfloat16" ? (word) => word >>> 16 : toFloat16));
}

/** float32 bits to float16 bits, truncated; for values of ordinary size. */
export function toFloat16(word: number): number {
  const exponent = ((word >>> 23) & 0xff) - 112;
  if (exponent <= 0) return (word >>> 16) & 0x8000;
  return ((word >>> 16) & 0x8000) | (exponent << 10) | ((word >>> 13) & 0x3ff);
}

function bytesOf(
  array: Float32Array<ArrayBuffer> | Uint16Array<ArrayBuffer> | BigInt64Array<ArrayBuffer>,
): Uint8Array<ArrayBuffer> {
  return new Uint8Array(array.buffer);
}

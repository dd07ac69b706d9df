import { fromBinary } from "@bufbuild/protobuf";
import { BinaryReader, WireType } from "@bufbuild/protobuf/wire";
import {
  type FunctionProto,
  FunctionProtoSchema,
  type NodeProto,
  NodeProtoSchema,
  OperatorSetIdProtoSchema,
  StringStringEntryProtoSchema,
  type TensorProto,
  TensorProto_DataLocation,
  type ValueInfoProto,
  ValueInfoProtoSchema,
} from "onnx-buf";
import { HeadHooksError } from "../head-hooks-error.ts";

/** What a tensor says about itself, without its values. */
export interface TensorHeader {
  readonly name: string;
  readonly dims: readonly number[];
  /** ONNX `TensorProto.DataType`. */
  readonly elementType: number;
  /** The file that holds the values, as written in the model, if they are outside the model. */
  readonly externalLocation?: string;
  /** The whole TensorProto as a view of the model's bytes, for initializers of the main graph. */
  readonly encoded?: Uint8Array;
}

/** Where a model's parts lie in its bytes, so that it can be added to without being encoded anew. */
interface ModelSpans {
  /** Where the graph's field (its tag) begins, and one past its last byte. */
  readonly graphField: Span;
  /** The graph's content, without tag and length. */
  readonly graph: Span;
  /** Each node's field, tag included, in the order of `nodes`; `undefined` for a node that a pass has written. */
  readonly nodes: readonly (Span | undefined)[];
  /** The fields within the graph that a pass has taken out: nodes that were replaced, inputs. */
  readonly removed: readonly Span[];
  /** The field of the model's IR version. */
  readonly irVersion: Span | undefined;
  /** The field of each graph input, in the order of `inputs`. */
  readonly inputs: readonly NamedSpan[];
  readonly outputs: readonly NamedSpan[];
  readonly initializers: readonly NamedSpan[];
  readonly valueInfos: readonly NamedSpan[];
  /** The fields of the model's metadata, by key. */
  readonly metadata: readonly NamedSpan[];
}

/** Bytes `[start, stop)` of the model. */
export interface Span {
  readonly start: number;
  readonly stop: number;
}

/** A field and the name of what it holds. */
export interface NamedSpan extends Span {
  readonly name: string;
}

/** A model as this package sees it: its nodes and names in full, its tensors by header only. */
export interface ModelView {
  readonly bytes: Uint8Array;
  readonly spans: ModelSpans;
  readonly irVersion: number;
  /** Version of each imported operator set by domain; the default domain is `""`. */
  readonly opsets: ReadonlyMap<string, number>;
  readonly nodes: readonly NodeProto[];
  readonly initializers: ReadonlyMap<string, TensorHeader>;
  readonly inputs: readonly ValueInfoProto[];
  readonly outputs: readonly ValueInfoProto[];
  readonly valueInfos: ReadonlyMap<string, ValueInfoProto>;
  /** The model's metadata. */
  readonly metadata: ReadonlyMap<string, string>;
  /** The functions that the model brings along. */
  readonly functions: readonly FunctionProto[];
  /** For each node that a function's call was written out to, the call; absent if none was. */
  readonly origins?: readonly (string | undefined)[];
}

const MODEL = { irVersion: 1, graph: 7, opsetImport: 8, metadata: 14, functions: 25 } as const;
const GRAPH = { node: 1, initializer: 5, input: 11, output: 12, valueInfo: 13 } as const;
const TENSOR = { dims: 1, dataType: 2, name: 8, externalData: 13, dataLocation: 14 } as const;

const EXTERNAL: number = TensorProto_DataLocation.EXTERNAL;

/**
 * Read an ONNX model's structure. The values of initializers are stepped over, not decoded or copied, so the cost
 * does not depend on the size of the weights.
 *
 * @throws HeadHooksError `malformed-model` if the bytes are no ONNX model.
 */
export function readModel(bytes: Uint8Array): ModelView {
  try {
    return readModelFields(bytes);
  } catch (error) {
    if (error instanceof HeadHooksError) throw error;
    const reason = error instanceof Error ? error.message : String(error);
    throw new HeadHooksError(
      "malformed-model",
      `the ${bytes.length} bytes are no ONNX model (${reason}); check that the file is complete`,
      { bytes: bytes.length },
      { cause: error },
    );
  }
}

function readModelFields(bytes: Uint8Array): ModelView {
  const opsets = new Map<string, number>();
  const functions: FunctionProto[] = [];
  const metadata = new Map<string, string>();
  const metadataSpans: NamedSpan[] = [];
  let graphField: Span | undefined;
  let graph: Span | undefined;
  let irField: Span | undefined;
  let irVersion = 0;
  for (const field of readFields(bytes, { start: 0, stop: bytes.length })) {
    if (field.number === MODEL.opsetImport) {
      const entry = fromBinary(OperatorSetIdProtoSchema, contentOf(bytes, field));
      opsets.set(entry.domain === "ai.onnx" ? "" : entry.domain, Number(entry.version));
    } else if (field.number === MODEL.irVersion) {
      irField = field.whole;
      irVersion = readIrVersion(bytes, field.whole);
    } else if (field.number === MODEL.metadata) {
      const { key, value } = fromBinary(StringStringEntryProtoSchema, contentOf(bytes, field));
      metadata.set(key, value);
      metadataSpans.push({ ...field.whole, name: key });
    } else if (field.number === MODEL.functions) {
      functions.push(fromBinary(FunctionProtoSchema, contentOf(bytes, field)));
    } else if (field.number === MODEL.graph) {
      if (graph !== undefined) throw new Error("it has more than one graph field");
      graph = requireContent(field);
      graphField = field.whole;
    }
  }
  if (graph === undefined || graphField === undefined) throw new Error("it has no graph");

  const nodes: NodeProto[] = [];
  const nodeSpans: Span[] = [];
  const initializers = new Map<string, TensorHeader>();
  const inputs: ValueInfoProto[] = [];
  const inputSpans: NamedSpan[] = [];
  const outputSpans: NamedSpan[] = [];
  const initializerSpans: NamedSpan[] = [];
  const valueInfoSpans: NamedSpan[] = [];
  const outputs: ValueInfoProto[] = [];
  const valueInfos = new Map<string, ValueInfoProto>();
  for (const field of readFields(bytes, graph)) {
    if (field.number === GRAPH.node) {
      nodes.push(fromBinary(NodeProtoSchema, contentOf(bytes, field)));
      nodeSpans.push(field.whole);
    } else if (field.number === GRAPH.initializer) {
      const header = readTensorHeader(bytes, requireContent(field));
      initializers.set(header.name, header);
      initializerSpans.push({ ...field.whole, name: header.name });
    } else if (field.number === GRAPH.input) {
      const info = fromBinary(ValueInfoProtoSchema, contentOf(bytes, field));
      inputs.push(info);
      inputSpans.push({ ...field.whole, name: info.name });
    } else if (field.number === GRAPH.output) {
      const info = fromBinary(ValueInfoProtoSchema, contentOf(bytes, field));
      outputs.push(info);
      outputSpans.push({ ...field.whole, name: info.name });
    } else if (field.number === GRAPH.valueInfo) {
      const info = fromBinary(ValueInfoProtoSchema, contentOf(bytes, field));
      valueInfos.set(info.name, info);
      valueInfoSpans.push({ ...field.whole, name: info.name });
    }
  }
  const spans: ModelSpans = {
    graphField,
    graph,
    nodes: nodeSpans,
    removed: [],
    irVersion: irField,
    inputs: inputSpans,
    outputs: outputSpans,
    initializers: initializerSpans,
    valueInfos: valueInfoSpans,
    metadata: metadataSpans,
  };
  return {
    bytes,
    spans,
    irVersion,
    opsets,
    nodes,
    initializers,
    inputs,
    outputs,
    valueInfos,
    metadata,
    functions,
  };
}

function readIrVersion(bytes: Uint8Array, field: Span): number {
  const reader = new BinaryReader(bytes.subarray(field.start, field.stop));
  const [, wireType] = reader.tag();
  if (wireType !== WireType.Varint) throw new Error("the IR version has the wrong wire type");
  return Number(reader.int64());
}

/** The header of a tensor that was decoded whole (the value of a Constant node). */
export function tensorHeader(tensor: TensorProto, name: string): TensorHeader {
  return makeHeader(name, tensor.dims, tensor.dataType, tensor.dataLocation, tensor.externalData);
}

function readTensorHeader(bytes: Uint8Array, span: Span): TensorHeader {
  const encoded = bytes.subarray(span.start, span.stop);
  const reader = new BinaryReader(encoded);
  const dims: (bigint | string)[] = [];
  const externalData: { key: string; value: string }[] = [];
  let name = "";
  let elementType = 0;
  let dataLocation = 0;
  while (reader.pos < reader.len) {
    const [number, wireType] = reader.tag();
    if (number === TENSOR.dims && wireType === WireType.LengthDelimited) {
      const end = reader.uint32() + reader.pos;
      while (reader.pos < end) dims.push(reader.int64());
    } else if (number === TENSOR.dims && wireType === WireType.Varint) dims.push(reader.int64());
    else if (number === TENSOR.dataType && wireType === WireType.Varint) elementType = reader.int32();
    else if (number === TENSOR.dataLocation && wireType === WireType.Varint) dataLocation = reader.int32();
    else if (number === TENSOR.name && wireType === WireType.LengthDelimited) name = reader.string();
    else if (number === TENSOR.externalData && wireType === WireType.LengthDelimited) {
      externalData.push(fromBinary(StringStringEntryProtoSchema, reader.bytes()));
    } else reader.skip(wireType, number);
  }
  if (reader.pos > reader.len) throw new RangeError("premature EOF");
  return { ...makeHeader(name, dims, elementType, dataLocation, externalData), encoded };
}

function makeHeader(
  name: string,
  dims: readonly (bigint | string)[],
  elementType: number,
  dataLocation: number,
  externalData: readonly { key: string; value: string }[],
): TensorHeader {
  const header = { name, dims: dims.map(Number), elementType };
  if (dataLocation !== EXTERNAL) return header;
  const externalLocation = externalData.find(({ key }) => key === "location")?.value ?? "";
  return { ...header, externalLocation };
}

interface Field {
  readonly number: number;
  /** Tag, length and content. */
  readonly whole: Span;
  /** The content of a length-delimited field. */
  readonly content: Span | undefined;
}

function* readFields(bytes: Uint8Array, span: Span): Generator<Field> {
  const reader = new BinaryReader(bytes.subarray(span.start, span.stop));
  while (reader.pos < reader.len) {
    const start = span.start + reader.pos;
    const [number, wireType] = reader.tag();
    // The reader's skip returns the length prefix with the content; bytes returns the content alone, as a view.
    const content = wireType === WireType.LengthDelimited ? reader.bytes() : undefined;
    if (content === undefined) reader.skip(wireType, number);
    const stop = span.start + reader.pos;
    yield {
      number,
      whole: { start, stop },
      content: content === undefined ? undefined : { start: stop - content.length, stop },
    };
  }
}

function requireContent(field: Field): Span {
  if (field.content === undefined) throw new Error(`field ${field.number} has the wrong wire type`);
  return field.content;
}

function contentOf(bytes: Uint8Array, field: Field): Uint8Array {
  const { start, stop } = requireContent(field);
  return bytes.subarray(start, stop);
}

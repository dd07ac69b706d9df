import { create, toBinary } from "@bufbuild/protobuf";
import { BinaryWriter, WireType } from "@bufbuild/protobuf/wire";
import {
  type NodeProto,
  NodeProtoSchema,
  OperatorSetIdProtoSchema,
  StringStringEntryProtoSchema,
  type TensorProto,
  TensorProtoSchema,
  type ValueInfoProto,
  ValueInfoProtoSchema,
} from "onnx-buf";
import { HeadHooksError } from "../head-hooks-error.ts";
import type { ModelView, Span } from "./read-model.ts";

/** What to add to a model, besides the nodes that a pass has written into its view. */
export interface ModelAdditions {
  /** Runs of nodes and the node that each run follows: an index into the model's nodes, −1 for the head. */
  readonly nodes: readonly { readonly after: number; readonly nodes: readonly NodeProto[] }[];
  readonly inputs: readonly ValueInfoProto[];
  readonly outputs: readonly ValueInfoProto[];
  readonly initializers?: readonly TensorProto[];
  /** Raises the model to this IR version. */
  readonly irVersion?: number;
  /** Operator sets that the model does not import yet. */
  readonly opsets?: ReadonlyMap<string, number>;
  /** Statements about values inside the graph. */
  readonly valueInfos?: readonly ValueInfoProto[];
  /** Entries of the model's metadata; one of the same key is replaced. */
  readonly metadata?: ReadonlyMap<string, string>;
}

/** ONNX files are single protobuf messages, which end below 2 GiB. */
const MAXIMUM_MODEL_BYTES = 2 ** 31 - 1;

/**
 * Add nodes, inputs and outputs to a model without encoding anything else anew.
 *
 * Requires: positions within the view's nodes. Ensures: what was there and was not replaced keeps its bytes and its
 * order, unknown fields too; only the length of the graph is written anew.
 *
 * @returns the new model in pieces, to be written or joined in order; most are views of the old bytes.
 * @throws HeadHooksError `model-too-large` if the model would exceed the 2 GiB of a protobuf message.
 */
export function spliceModel(view: ModelView, additions: ModelAdditions): Uint8Array[] {
  const { graphField } = view.spans;
  const content = graphContent(view, additions);
  const replaced = replacedFields(view, additions);
  const graphLength = byteLength(content);
  const pieces = [
    ...modelHeader(additions),
    ...slices(view, { start: 0, stop: graphField.start }, replaced),
    graphLength > MAXIMUM_MODEL_BYTES
      ? new Uint8Array()
      : new BinaryWriter().tag(7, WireType.LengthDelimited).uint32(graphLength).finish(),
    ...content,
    ...slices(view, { start: graphField.stop, stop: view.bytes.length }, replaced),
  ];
  const total = byteLength(pieces);
  if (total > MAXIMUM_MODEL_BYTES) {
    throw new HeadHooksError(
      "model-too-large",
      `the hooked model would take ${total} bytes, more than a protobuf message may (${MAXIMUM_MODEL_BYTES}); store the weights as external data first`,
      { bytes: total },
    );
  }
  return pieces.filter((piece) => piece.length > 0);
}

/** The content of the graph: old fields as views of the old bytes, without those removed, and what is new. */
function graphContent(view: ModelView, additions: ModelAdditions): Uint8Array[] {
  const { graph, nodes: spans, removed } = view.spans;
  const inserted = new Map<number, NodeProto[]>();
  for (const { after, nodes } of additions.nodes) {
    const at = Math.max(-1, Math.min(after, view.nodes.length - 1));
    inserted.set(at, [...(inserted.get(at) ?? []), ...nodes]);
  }
  const content = (inserted.get(-1) ?? []).map(encodeNode);
  const dropped = [...removed].sort((a, b) => a.start - b.start);
  let from = graph.start;
  for (const [index, node] of view.nodes.entries()) {
    const span = spans[index];
    const after = inserted.get(index);
    if (span === undefined) content.push(encodeNode(node));
    // Fields between nodes, such as initializers, go with the node behind them.
    if (span !== undefined && (after !== undefined || spans[index + 1] === undefined)) {
      content.push(...slices(view, { start: from, stop: span.stop }, dropped));
      from = span.stop;
    }
    content.push(...(after ?? []).map(encodeNode));
  }
  content.push(...slices(view, { start: from, stop: graph.stop }, dropped));
  for (const tensor of additions.initializers ?? [])
    content.push(field(5, toBinary(TensorProtoSchema, tensor)));
  for (const info of additions.inputs) content.push(field(11, toBinary(ValueInfoProtoSchema, info)));
  for (const info of additions.outputs) content.push(field(12, toBinary(ValueInfoProtoSchema, info)));
  for (const info of additions.valueInfos ?? [])
    content.push(field(13, toBinary(ValueInfoProtoSchema, info)));
  return content;
}

/** The fields of the model, outside of the graph, that are written anew. */
function replacedFields({ spans }: ModelView, { irVersion, metadata }: ModelAdditions): Span[] {
  const fields: Span[] = spans.metadata.filter(({ name }) => metadata?.has(name) === true);
  if (irVersion !== undefined && spans.irVersion !== undefined) fields.push(spans.irVersion);
  return fields.sort((a, b) => a.start - b.start);
}

function modelHeader({ irVersion, opsets = new Map(), metadata = new Map() }: ModelAdditions): Uint8Array[] {
  const entries = [...metadata].map(([key, value]) =>
    field(14, toBinary(StringStringEntryProtoSchema, create(StringStringEntryProtoSchema, { key, value }))),
  );
  const imports = [...opsets].map(([domain, version]) =>
    field(
      8,
      toBinary(
        OperatorSetIdProtoSchema,
        create(OperatorSetIdProtoSchema, { domain, version: BigInt(version) }),
      ),
    ),
  );
  const version =
    irVersion === undefined ? [] : [new BinaryWriter().tag(1, WireType.Varint).int64(irVersion).finish()];
  return [...version, ...imports, ...entries];
}

function encodeNode(node: NodeProto): Uint8Array {
  return field(1, toBinary(NodeProtoSchema, node));
}

/** Join pieces into one array. */
export function joinBytes(pieces: readonly Uint8Array[]): Uint8Array {
  const joined = new Uint8Array(byteLength(pieces));
  let at = 0;
  for (const piece of pieces) {
    joined.set(piece, at);
    at += piece.length;
  }
  return joined;
}

function field(number: number, content: Uint8Array): Uint8Array {
  return new BinaryWriter().tag(number, WireType.LengthDelimited).bytes(content).finish();
}

/** The bytes of a span without the fields that were dropped, which are in ascending order. */
function slices(view: ModelView, { start, stop }: Span, dropped: readonly Span[]): Uint8Array[] {
  const kept: Uint8Array[] = [];
  let from = start;
  for (const gap of dropped) {
    if (gap.start < from || gap.stop > stop) continue;
    kept.push(view.bytes.subarray(from, gap.start));
    from = gap.stop;
  }
  kept.push(view.bytes.subarray(from, stop));
  return kept;
}

function byteLength(pieces: readonly Uint8Array[]): number {
  return pieces.reduce((sum, piece) => sum + piece.length, 0);
}

import { toBinary } from "@bufbuild/protobuf";
import { BinaryWriter, WireType } from "@bufbuild/protobuf/wire";
import { type NodeProto, NodeProtoSchema, type ValueInfoProto, ValueInfoProtoSchema } from "onnx-buf";
import { HeadHooksError } from "./head-hooks-error.ts";
import type { ModelView, Span } from "./read-model.ts";

/** What to add to a model. */
export interface ModelAdditions {
  /** Runs of nodes and the node that each run follows: an index into the model's nodes, −1 for the head. */
  readonly nodes: readonly { readonly after: number; readonly nodes: readonly NodeProto[] }[];
  readonly inputs: readonly ValueInfoProto[];
  readonly outputs: readonly ValueInfoProto[];
}

/** ONNX files are single protobuf messages, which end below 2 GiB. */
const MAXIMUM_MODEL_BYTES = 2 ** 31 - 1;

/**
 * Add nodes, inputs and outputs to a model without encoding anything else anew.
 *
 * Requires: positions within the model's nodes. Ensures: what was there keeps its bytes and its order, unknown
 * fields too; only the length of the graph is written anew.
 *
 * @returns the new model in pieces, to be written or joined in order; most are views of the old bytes.
 * @throws HeadHooksError `model-too-large` if the model would exceed the 2 GiB of a protobuf message.
 */
export function spliceModel(view: ModelView, additions: ModelAdditions): Uint8Array[] {
  const { graphField, graph, nodes: nodeSpans } = view.spans;
  const inserted = additions.nodes
    .map(({ after, nodes }, order) => ({
      at: after < 0 ? graph.start : (nodeSpans[after]?.stop ?? graph.stop),
      order,
      bytes: nodes.map((node) => field(1, toBinary(NodeProtoSchema, node))),
    }))
    .sort((a, b) => a.at - b.at || a.order - b.order);

  const content: Uint8Array[] = [];
  let from = graph.start;
  for (const { at, bytes } of inserted) {
    content.push(slice(view, { start: from, stop: at }), ...bytes);
    from = at;
  }
  content.push(slice(view, { start: from, stop: graph.stop }));
  for (const info of additions.inputs) content.push(field(11, toBinary(ValueInfoProtoSchema, info)));
  for (const info of additions.outputs) content.push(field(12, toBinary(ValueInfoProtoSchema, info)));

  const graphLength = byteLength(content);
  const pieces = [
    slice(view, { start: 0, stop: graphField.start }),
    graphLength > MAXIMUM_MODEL_BYTES
      ? new Uint8Array()
      : new BinaryWriter().tag(7, WireType.LengthDelimited).uint32(graphLength).finish(),
    ...content,
    slice(view, { start: graphField.stop, stop: view.bytes.length }),
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

function slice(view: ModelView, { start, stop }: Span): Uint8Array {
  return view.bytes.subarray(start, stop);
}

function byteLength(pieces: readonly Uint8Array[]): number {
  return pieces.reduce((sum, piece) => sum + piece.length, 0);
}

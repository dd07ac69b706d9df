import { clone, create } from "@bufbuild/protobuf";
import {
  type NodeProto,
  NodeProtoSchema,
  type TensorProto,
  TensorProto_DataType,
  TensorProtoSchema,
} from "onnx-buf";
import { describe } from "../attention/match-projections.ts";
import { DATA_TYPES } from "../graph/element-types.ts";
import { outputOf } from "../graph/node-parts.ts";
import { type NodeRun, NodeTape, type ValueName } from "../graph/node-tape.ts";
import { SCALE_MARK } from "../graph/scale-node.ts";
import { HeadHooksError } from "../head-hooks-error.ts";
import type { Projection } from "../attention/projection.ts";
import type { SelectedTap } from "./selected-tap.ts";

/** Where the factors come from. */
export interface ScaleOptions {
  /** Name of the graph input that takes them: float32 [units], or [1] for one factor for all. Default `scale`. */
  readonly input?: string;
  /**
   * Let a run leave the inputs out; all factors are 1 then, and nothing is added. Runtimes that can replace an initializer take the input
   * all the same, such as ONNX Runtime in Python, C++ and C#; onnxruntime-node passes no such input on. Default
   * false: every run gives it.
   */
  readonly isOptional?: boolean;
  /**
   * Name of one more graph input, whose values are added after the factors: float32 [channels of all taps], in the order
   * of the units, or [1] for one value for all. `unitOffsets` makes it. Default: none.
   */
  readonly offset?: string;
}

/** Settings of the nodes that scale. */
interface ScaleSettings {
  readonly groupSize: number;
  readonly outputName: string;
  readonly opset: number;
  /** The graph input with the factors: float32 [units] or [1]. */
  readonly scaleInput: string;
  /** The graph input with what is added: float32 [channels] or [1]. */
  readonly offsetInput: string | undefined;
  readonly unitCount: number;
  /** The first unit of each tap. */
  readonly firstUnits: readonly number[];
  readonly nodes: readonly NodeProto[];
  /** The nodes that read a projection's input for its adapters, by their places. */
  readonly adapterReaders: (projection: Projection) => readonly number[];
  readonly producerIndex: (value: ValueName) => number;
}

/**
 * Write the nodes that multiply each tapped tensor by its units' factors on its way into the projection: the factors
 * [G] are repeated for the unit's channels → [C], cast to the tensor's type, and multiplied in; offsets [C] are added. The
 * projection's adapters read the same scaled tensor. A
 * factor of 1 and an offset of −0 keep every value: x · 1 = x and x + −0 = x in IEEE arithmetic for all finite values,
 * infinities and both zeros, and a NaN stays NaN.
 *
 * @returns the nodes to insert, and the nodes of the model that read the scaled tensor instead, by index.
 * @throws HeadHooksError `cannot-scale` if the input is quantised with no floating-point tensor before it, if others
 *   read the quantised tensor too, or if an earlier hook scales it.
 */
export function scaleNodes(
  taps: readonly SelectedTap[],
  options: ScaleSettings,
): { runs: NodeRun[]; readers: Map<number, NodeProto> } {
  const { groupSize, outputName, opset, unitCount, firstUnits, nodes, producerIndex } = options;
  const { scaleInput, offsetInput } = options;
  const readers = new Map<number, NodeProto>();
  const head = new NodeTape(`${outputName}/scale`, opset);
  const all = head.op("factors", "Expand", [scaleInput, head.int64("factors/shape", [unitCount])]); // [units]
  const offsets =
    offsetInput === undefined
      ? undefined
      : head.op("offsets", "Expand", [offsetInput, head.int64("offsets/shape", [unitCount * groupSize])]); // [channels]
  const tapped = new Set(taps.map(({ projection }) => projection.readerIndex)); // these have factors of their own
  const runs = taps.map(({ projection }, index): NodeRun => {
    const { input, inputChannels, inputAxes, elementType, readerIndex } = projection;
    const groups = inputChannels / groupSize;
    const first = firstUnits[index] ?? 0;
    const tape = new NodeTape(`${outputName}/${index}/scale`, opset);
    const own = tape.slice("units", all, first, first + groups); // [G]
    const column = tape.op("column", "Reshape", [own, tape.int64("column/shape", [groups, 1])]); // [G, 1]
    const wide = tape.op("wide", "Expand", [column, tape.int64("wide/shape", [groups, groupSize])]); // [G, g]
    const flat = tape.op("channels", "Reshape", [wide, tape.int64("channels/shape", inputAxes)]); // [C], or its axes
    const typed = (label: string, value: ValueName): ValueName =>
      elementType === "float32" ? value : tape.cast(label, value, DATA_TYPES[elementType]);
    let scaled = markScaling(tape, tape.op("scaled", "Mul", [input, typed("cast", flat)]));
    if (offsets !== undefined) {
      const part = tape.slice("offset", offsets, first * groupSize, (first + groups) * groupSize); // [C]
      const shaped = tape.op("offset/channels", "Reshape", [part, tape.int64("offset/shape", inputAxes)]);
      scaled = markScaling(tape, tape.op("shifted", "Add", [scaled, typed("offset/cast", shaped)]));
    }

    const reader = requireReader(projection, readers.get(readerIndex) ?? nodes[readerIndex], scaled, nodes);
    readers.set(readerIndex, reader);
    for (const place of options.adapterReaders(projection)) {
      const adapter = readers.get(place) ?? nodes[place];
      if (adapter === undefined || adapter.input[0] !== input || tapped.has(place)) continue;
      const copy = clone(NodeProtoSchema, adapter);
      copy.input[0] = scaled;
      readers.set(place, copy);
    }
    return { after: producerIndex(input), nodes: tape.nodes };
  });
  return { runs: [{ after: -1, nodes: head.nodes }, ...runs], readers };
}

/** Marks the node that was recorded last. */
function markScaling(tape: NodeTape, output: ValueName): ValueName {
  const node = tape.nodes.at(-1);
  if (node !== undefined) node.docString = SCALE_MARK;
  return output;
}

/** The defaults of optional inputs: the factor 1 for all units, and −0 added to all channels. */
export function defaultScaling({
  input,
  offset,
}: {
  readonly input: string;
  readonly offset: string | undefined;
}): TensorProto[] {
  const one = (name: string, rawData: Uint8Array<ArrayBuffer>): TensorProto =>
    create(TensorProtoSchema, { name, dataType: TensorProto_DataType.FLOAT, dims: [1n], rawData });
  return [
    one(input, Uint8Array.of(0, 0, 0x80, 0x3f)),
    ...(offset === undefined ? [] : [one(offset, Uint8Array.of(0, 0, 0, 0x80))]),
  ];
}

/** A copy of the node that reads the tapped tensor, made to read the scaled one. */
function requireReader(
  projection: SelectedTap["projection"],
  node: NodeProto | undefined,
  scaled: string,
  nodes: readonly NodeProto[],
): NodeProto {
  const cannot = (reason: string): HeadHooksError =>
    new HeadHooksError("cannot-scale", `the input of ${describe(projection)} cannot be scaled: ${reason}`, {
      node: projection.node,
      input: projection.input,
    });
  if (projection.readerIndex < 0) throw cannot("it is inside the branches of an If; leave `scale` out");
  if (projection.quantization !== null) {
    throw cannot("it is quantised, and no floating-point tensor stands before it; leave `scale` out");
  }
  const current = node?.input[0];
  if (node === undefined || (current !== projection.input && current !== scaled)) {
    throw cannot("an earlier hook scales it; hook the original model");
  }
  if (projection.readerIndex !== projection.nodeIndex && countReaders(nodes, node) > 1) {
    throw cannot("other nodes read the same quantised tensor; leave `scale` out");
  }
  const copy = clone(NodeProtoSchema, node);
  copy.input[0] = scaled;
  return copy;
}

/** How many nodes read a quantised tensor, its dequantisation counted as one of them. */
function countReaders(nodes: readonly NodeProto[], quantizer: NodeProto): number {
  const value = outputOf(quantizer);
  const direct = nodes.filter(({ input }) => input.includes(value));
  const [only] = direct;
  if (direct.length !== 1 || only?.opType !== "DequantizeLinear") return direct.length;
  return nodes.filter(({ input }) => input.includes(outputOf(only))).length;
}

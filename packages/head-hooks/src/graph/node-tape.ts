import { create } from "@bufbuild/protobuf";
import {
  type AttributeProto,
  AttributeProto_AttributeType,
  AttributeProtoSchema,
  type NodeProto,
  NodeProtoSchema,
  TensorProto_DataType,
  TensorProtoSchema,
} from "onnx-buf";

/** The name of a tensor in the graph. */
export type ValueName = string;

/** Nodes to insert and the node of the model that they follow (−1 for the head of the list). */
export interface NodeRun {
  readonly after: number;
  readonly nodes: readonly NodeProto[];
}

/**
 * Records nodes while they are written like function calls: each call returns the name of its output. Names come
 * from the prefix and a label alone, so the same calls give the same nodes.
 */
export class NodeTape {
  readonly nodes: NodeProto[] = [];
  readonly #prefix: string;
  readonly #opset: number;

  constructor(prefix: string, opset: number) {
    this.#prefix = prefix;
    this.#opset = opset;
  }

  /** Record a node of the default domain. Its output is called like the node unless it is given a name. */
  op(
    label: string,
    opType: string,
    input: readonly ValueName[],
    attribute: AttributeProto[] = [],
    output?: ValueName,
  ): ValueName {
    const name = `${this.#prefix}/${label}`;
    const value = output ?? name;
    this.nodes.push(create(NodeProtoSchema, { name, opType, input: [...input], output: [value], attribute }));
    return value;
  }

  /** An int64 constant: a scalar for a number, else a vector. */
  int64(label: string, value: number | readonly number[]): ValueName {
    const values = typeof value === "number" ? [value] : value;
    const rawData = new Uint8Array(8 * values.length);
    const data = new DataView(rawData.buffer);
    for (const [index, entry] of values.entries()) data.setBigInt64(8 * index, BigInt(entry), true);
    const dims = typeof value === "number" ? [] : [BigInt(values.length)];
    return this.#constant(label, TensorProto_DataType.INT64, dims, rawData);
  }

  /** A float32 scalar. */
  float32(label: string, value: number): ValueName {
    const rawData = new Uint8Array(4);
    new DataView(rawData.buffer).setFloat32(0, value, true);
    return this.#constant(label, TensorProto_DataType.FLOAT, [], rawData);
  }

  /** A truth value, as a scalar. */
  bool(label: string, value: boolean): ValueName {
    return this.#constant(label, TensorProto_DataType.BOOL, [], Uint8Array.of(Number(value)));
  }

  cast(label: string, input: ValueName, to: TensorProto_DataType, output?: ValueName): ValueName {
    return this.op(label, "Cast", [input], [integer("to", to)], output);
  }

  /** A reduction over some axes, which are dropped. They are an attribute in older operator sets, then an input. */
  reduce(
    label: string,
    opType: "ReduceSum" | "ReduceMean" | "ReduceSumSquare" | "ReduceMax",
    input: ValueName,
    axes: number | readonly number[],
  ): ValueName {
    const list = typeof axes === "number" ? [axes] : axes;
    const axesAreInput = this.#opset >= (opType === "ReduceSum" ? 13 : 18);
    const keepdims = integer("keepdims", 0);
    if (!axesAreInput) return this.op(label, opType, [input], [integers("axes", list), keepdims]);
    return this.op(label, opType, [input, this.int64(`${label}/axes`, list)], [keepdims]);
  }

  /** Put in axes of length 1, which are an attribute in older operator sets, then an input. */
  unsqueeze(label: string, input: ValueName, axes: readonly number[]): ValueName {
    if (this.#opset < 13) return this.op(label, "Unsqueeze", [input], [integers("axes", axes)]);
    return this.op(label, "Unsqueeze", [input, this.int64(`${label}/axes`, axes)]);
  }

  /** The length of an axis: int64 [1]. */
  axisLength(label: string, input: ValueName, axis: number): ValueName {
    if (this.#opset >= 15) {
      return this.op(label, "Shape", [input], [integer("start", axis), integer("end", axis + 1)]);
    }
    return this.slice(label, this.op(`${label}/shape`, "Shape", [input]), axis, axis + 1);
  }

  /**
   * The integers from 0 up to a length [1], as int64 or float32 [length]. They are counted where the other tensors are: the
   * scalar that a Range takes would be made from a shape in host memory, by nodes that CUDA sessions leave to the CPU.
   */
  positions(label: string, length: ValueName, type: "int64" | "float32" = "int64"): ValueName {
    if (type === "float32") {
      if (this.#opset < 11) {
        return this.cast(`${label}/float32`, this.positions(label, length), TensorProto_DataType.FLOAT);
      }
      const ones = this.op(`${label}/ones`, "Expand", [this.float32(`${label}/one`, 1), length]);
      return this.op(label, "CumSum", [ones, this.int64(`${label}/axis`, 0)], [integer("exclusive", 1)]);
    }
    const one = create(TensorProtoSchema, {
      dataType: TensorProto_DataType.INT64,
      dims: [1n],
      int64Data: [1n],
    });
    const value = create(AttributeProtoSchema, {
      name: "value",
      type: AttributeProto_AttributeType.TENSOR,
      t: one,
    });
    const ones = this.op(`${label}/ones`, "ConstantOfShape", [length], [value]);
    if (this.#opset >= 11) {
      return this.op(label, "CumSum", [ones, this.int64(`${label}/axis`, 0)], [integer("exclusive", 1)]);
    }
    // Older operator sets have no CumSum: the places of the elements of a vector of ones are its indices.
    const places = this.op(`${label}/places`, "NonZero", [ones]); // [1, length]
    return this.op(label, "Reshape", [places, this.int64(`${label}/flat`, [-1])]);
  }

  /** Elements `[start, stop)` of the first axis. */
  slice(label: string, input: ValueName, start: number, stop: number): ValueName {
    if (this.#opset < 10) {
      return this.op(label, "Slice", [input], [integers("starts", [start]), integers("ends", [stop])]);
    }
    return this.op(label, "Slice", [
      input,
      this.int64(`${label}/start`, [start]),
      this.int64(`${label}/stop`, [stop]),
    ]);
  }

  #constant(label: string, dataType: number, dims: bigint[], rawData: Uint8Array<ArrayBuffer>): ValueName {
    const t = create(TensorProtoSchema, { dataType, dims, rawData });
    return this.op(
      label,
      "Constant",
      [],
      [create(AttributeProtoSchema, { name: "value", type: AttributeProto_AttributeType.TENSOR, t })],
    );
  }
}

/** An integer attribute. */
export function integer(name: string, value: number): AttributeProto {
  return create(AttributeProtoSchema, { name, type: AttributeProto_AttributeType.INT, i: BigInt(value) });
}

/** A list of integers as an attribute. */
export function integers(name: string, values: readonly number[]): AttributeProto {
  const ints = values.map(BigInt);
  return create(AttributeProtoSchema, { name, type: AttributeProto_AttributeType.INTS, ints });
}

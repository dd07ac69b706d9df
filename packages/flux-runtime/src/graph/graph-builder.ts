import { create, toBinary } from "@bufbuild/protobuf";
import {
  AttributeProto_AttributeType,
  AttributeProtoSchema,
  GraphProtoSchema,
  ModelProtoSchema,
  NodeProtoSchema,
  OperatorSetIdProtoSchema,
  StringStringEntryProtoSchema,
  TensorProto_DataLocation,
  TensorProtoSchema,
  TensorShapeProto_DimensionSchema,
  TensorShapeProtoSchema,
  TypeProto_TensorSchema,
  TypeProtoSchema,
  ValueInfoProtoSchema,
  type AttributeProto,
  type NodeProto,
  type TensorProto,
  type ValueInfoProto,
} from "onnx-buf";
import { toDataType, type ElementType } from "./element-type.ts";

/** The operator sets that graphs are written in, and the IR version that belongs to each. */
const irVersions = { 21: 10n, 23: 11n } as const;

/**
 * 23 is the first with the standard `Attention`. 21 is the last in which CUDA has `InstanceNormalization`: version 22 of that
 * operator has no kernel there.
 */
export type OperatorSet = keyof typeof irVersions;

/** Something that a node produced, or an input, or an initializer: what operators take and return. */
export interface Value {
  readonly name: string;
  readonly type: ElementType;
}

/** A dimension: a length, or the name of one that is known at run time only. */
export type Dimension = number | string;

/** An attribute of a node; an integer number is written as INT, so floats are marked with {@link float}. */
type Attribute = number | string | readonly number[] | FloatAttribute;

interface FloatAttribute {
  readonly float: number;
}

/** Marks an attribute as FLOAT, which a JavaScript number alone cannot say. */
export function float(value: number): FloatAttribute {
  return { float: value };
}

/** Where the bytes of an initializer lie: a file below the folder that the session is told of, and a range in it. */
export interface ExternalData {
  readonly location: string;
  readonly byteOffset: number;
  readonly byteLength: number;
}

export interface NodeOptions {
  readonly name?: string;
  /** `""` is ONNX itself, `com.microsoft` the operators that ONNX Runtime adds. */
  readonly domain?: "" | "com.microsoft";
  readonly attributes?: Readonly<Record<string, Attribute>>;
}

/**
 * Collects the parts of an ONNX model and serializes them. The nodes that only load weights come first in the node list:
 * ONNX Runtime orders nodes by a depth-first walk that takes the node with the highest index first, so a cast at the head
 * of the list runs right before its use, and one written beside its use would run before the whole model, where the
 * float32 copies of all weights would stand in memory at once.
 */
export class GraphBuilder {
  readonly #name: string;
  readonly #operatorSet: OperatorSet;
  readonly #inputs: ValueInfoProto[] = [];
  readonly #outputs: ValueInfoProto[] = [];
  readonly #initializers: TensorProto[] = [];
  readonly #loadNodes: NodeProto[] = [];
  readonly #nodes: NodeProto[] = [];
  readonly #counts = new Map<string, number>();

  constructor(name: string, operatorSet: OperatorSet = 23) {
    this.#name = name;
    this.#operatorSet = operatorSet;
  }

  /** Declares an input of the model. */
  input(name: string, type: ElementType, shape: readonly Dimension[]): Value {
    this.#inputs.push(valueInfo(name, type, shape));
    return { name, type };
  }

  /** Makes a value an output of the model under the given name. */
  output(name: string, value: Value, shape: readonly Dimension[]): void {
    this.#nodes.push(nodeProto("Identity", [value.name], [name], { name: `output/${name}` }));
    this.#outputs.push(valueInfo(name, value.type, shape));
  }

  /** Adds an initializer whose bytes stay in the file that holds them. */
  externalInitializer(name: string, type: ElementType, shape: readonly number[], data: ExternalData): Value {
    const entries = { location: data.location, offset: data.byteOffset, length: data.byteLength };
    this.#initializers.push(
      create(TensorProtoSchema, {
        name,
        dataType: toDataType(type),
        dims: shape.map(BigInt),
        dataLocation: TensorProto_DataLocation.EXTERNAL,
        externalData: Object.entries(entries).map(([key, value]) =>
          create(StringStringEntryProtoSchema, { key, value: String(value) }),
        ),
      }),
    );
    return { name, type };
  }

  /** Adds a small float32 or int64 constant that travels within the model. */
  constant(type: "float32" | "int64", shape: readonly number[], values: readonly number[]): Value {
    const name = this.#nextName("constant");
    const dims = shape.map(BigInt);
    const data = type === "int64" ? { int64Data: values.map(BigInt) } : { floatData: [...values] };
    this.#initializers.push(create(TensorProtoSchema, { name, dataType: toDataType(type), dims, ...data }));
    return { name, type };
  }

  /** Adds a node with one output and returns that output. An absent optional input is written as `null`. */
  node(op: string, inputs: readonly (Value | null)[], type: ElementType, options: NodeOptions = {}): Value {
    const [value] = this.nodeWithOutputs(op, inputs, [type], options);
    return value as Value; // one type in, one value out
  }

  /** Adds a node with several outputs and returns them in order. */
  nodeWithOutputs(
    op: string,
    inputs: readonly (Value | null)[],
    types: readonly ElementType[],
    options: NodeOptions = {},
  ): Value[] {
    const name = options.name ?? this.#nextName(op);
    const outputs = types.map((type, index) => ({
      name: index === 0 ? `${name}:out` : `${name}:out${index}`,
      type,
    }));
    this.#nodes.push(nodeProto(op, inputs.map(nameOf), outputs.map(nameOf), { ...options, name }));
    return outputs;
  }

  /** Adds a node that only brings a weight into the form in which it is used: see the class for why these stand apart. */
  loadNode(
    op: string,
    weight: Value,
    inputs: readonly Value[],
    type: ElementType,
    attributes: NodeOptions["attributes"],
  ): Value {
    const name = `${weight.name}/${op}`;
    const output = { name: `${name}:out`, type };
    const names = [weight, ...inputs].map(nameOf);
    this.#loadNodes.push(nodeProto(op, names, [output.name], { name, ...(attributes && { attributes }) }));
    return output;
  }

  /** The model as protobuf bytes; the same calls always give the same bytes. */
  serialize(): Uint8Array {
    return toBinary(
      ModelProtoSchema,
      create(ModelProtoSchema, {
        irVersion: irVersions[this.#operatorSet],
        producerName: "@measure-plantain/flux-runtime",
        opsetImport: [
          create(OperatorSetIdProtoSchema, { domain: "", version: BigInt(this.#operatorSet) }),
          create(OperatorSetIdProtoSchema, { domain: "com.microsoft", version: 1n }),
        ],
        graph: create(GraphProtoSchema, {
          name: this.#name,
          input: this.#inputs,
          output: this.#outputs,
          initializer: this.#initializers,
          node: [...this.#loadNodes, ...this.#nodes],
        }),
      }),
    );
  }

  #nextName(kind: string): string {
    const count = this.#counts.get(kind) ?? 0;
    this.#counts.set(kind, count + 1);
    return `${kind}_${count}`;
  }
}

/** An absent optional input is an empty name in ONNX. */
function nameOf(value: Value | null): string {
  return value?.name ?? "";
}

function nodeProto(opType: string, input: string[], output: string[], options: NodeOptions): NodeProto {
  const attribute = Object.entries(options.attributes ?? {}).map(([name, value]) =>
    attributeProto(name, value),
  );
  return create(NodeProtoSchema, {
    name: options.name ?? "",
    opType,
    domain: options.domain ?? "",
    input,
    output,
    attribute,
  });
}

function attributeProto(name: string, value: Attribute): AttributeProto {
  const Type = AttributeProto_AttributeType;
  if (typeof value === "number")
    return create(AttributeProtoSchema, { name, type: Type.INT, i: BigInt(value) });
  if (typeof value === "string") {
    return create(AttributeProtoSchema, { name, type: Type.STRING, s: new TextEncoder().encode(value) });
  }
  if ("float" in value) return create(AttributeProtoSchema, { name, type: Type.FLOAT, f: value.float });
  return create(AttributeProtoSchema, { name, type: Type.INTS, ints: value.map(BigInt) });
}

function valueInfo(name: string, type: ElementType, shape: readonly Dimension[]): ValueInfoProto {
  const dim = shape.map((length) =>
    create(TensorShapeProto_DimensionSchema, {
      value:
        typeof length === "string"
          ? { case: "dimParam", value: length }
          : { case: "dimValue", value: BigInt(length) },
    }),
  );
  const tensor = create(TypeProto_TensorSchema, {
    elemType: toDataType(type),
    shape: create(TensorShapeProtoSchema, { dim }),
  });
  return create(ValueInfoProtoSchema, {
    name,
    type: create(TypeProtoSchema, { value: { case: "tensorType", value: tensor } }),
  });
}

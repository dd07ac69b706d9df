import { clone, create, fromBinary, toBinary } from "@bufbuild/protobuf";
import {
  AttributeProto_AttributeType,
  AttributeProtoSchema,
  ModelProtoSchema,
  NodeProtoSchema,
  TypeProto_TensorSchema,
  TypeProtoSchema,
  ValueInfoProtoSchema,
  type NodeProto,
} from "onnx-buf";
import { toDataType, type ElementType } from "../src/graph/element-type.ts";
import { inferElementTypes } from "./cuda-placement.ts";

export interface EmulationOptions {
  /** Round each result to the 16-bit type that it has in the model, as a kernel with float32 accumulation does; else not at all. */
  readonly rounding: boolean;
  /** Nodes whose first input is added to the model's outputs, in float32 and under the node's name. */
  readonly tapInputsOf?: readonly string[];
}

/** Operators that only move or pick values: a rounded value stays as it is. */
const MOVES: ReadonlySet<string> = new Set([
  "Clip",
  "Concat",
  "Gather",
  "Identity",
  "Reshape",
  "Slice",
  "Split",
  "Transpose",
  "Unsqueeze",
]);

/**
 * A model with bfloat16 or float16 values as one that the CPU provider runs: all arithmetic is float32, and what was 16-bit is
 * rounded to its type behind each node that computes it. 16-bit initializers are widened, which is exact; what the model itself
 * does in float32 stays as it is.
 *
 * What it leaves out: roundings within a kernel (of attention's probabilities before they meet the values, of σ(x) in QuickGelu),
 * and that a product of matrices sums in another order on a GPU.
 */
export function emulateHalfPrecision(
  model: Uint8Array,
  { rounding, tapInputsOf = [] }: EmulationOptions,
): Uint8Array {
  const proto = fromBinary(ModelProtoSchema, model);
  const { graph } = proto;
  if (graph === undefined) throw new Error("the model has no graph");
  const types = inferElementTypes(model);
  const isHalf = (value: string): boolean => isHalfType(types.get(value));

  const wide = (value: string): string => (isHalf(value) ? `${value}/wide` : value);
  const nodes: NodeProto[] = graph.initializer
    .filter(({ name }) => isHalf(name))
    .map(({ name }) => cast(name, wide(name), "float32"));
  for (const node of graph.node) {
    const copy = clone(NodeProtoSchema, node);
    copy.input = node.input.map(wide);
    const halves = node.output.filter(isHalf);
    if (node.opType === "Cast") {
      const [input = ""] = copy.input;
      const [output = ""] = node.output;
      const type = types.get(output) ?? "float32";
      if (!isHalf(output)) nodes.push(cast(input, output, type));
      else nodes.push(...rounded(input, wide(output), rounding ? type : undefined));
      continue;
    }
    const isRounded = rounding && !MOVES.has(node.opType);
    copy.output = node.output.map((output) =>
      isRounded && isHalf(output) ? `${output}/exact` : wide(output),
    );
    nodes.push(copy);
    if (isRounded) {
      for (const output of halves) nodes.push(...rounded(`${output}/exact`, wide(output), types.get(output)));
    }
  }
  const inputs = firstInputs(model);
  for (const name of tapInputsOf) {
    const input = wide(inputs.get(name) ?? "");
    nodes.push(create(NodeProtoSchema, { opType: "Identity", input: [input], output: [name] }));
    const value = create(TypeProto_TensorSchema, { elemType: toDataType("float32") });
    const type = create(TypeProtoSchema, { value: { case: "tensorType", value } });
    graph.output.push(create(ValueInfoProtoSchema, { name, type }));
  }
  graph.node = nodes;
  return toBinary(ModelProtoSchema, proto);
}

/** How many results of 16-bit arithmetic went into each value of a model, whatever the way. */
export function countRoundings(model: Uint8Array): (value: string) => number {
  const { graph } = fromBinary(ModelProtoSchema, model);
  const types = inferElementTypes(model);
  const constants = new Set(graph?.initializer.map(({ name }) => name));
  const ancestors = new Map<string, ReadonlySet<string>>();
  for (const node of graph?.node ?? []) {
    const before = new Set(node.input.flatMap((input) => [...(ancestors.get(input) ?? [])]));
    // Weights and constants that are cast are exact in both types.
    const isExact = MOVES.has(node.opType) || (node.opType === "Cast" && constants.has(node.input[0] ?? ""));
    for (const output of node.output) {
      ancestors.set(
        output,
        isHalfType(types.get(output)) && !isExact ? new Set([...before, output]) : before,
      );
    }
  }
  return (value) => {
    const set = ancestors.get(value);
    if (set === undefined) throw new Error(`no node of the model makes ${value}`);
    return set.size;
  };
}

/** The first input of each node, by the node's name. */
export function firstInputs(model: Uint8Array): ReadonlyMap<string, string> {
  const nodes = fromBinary(ModelProtoSchema, model).graph?.node ?? [];
  return new Map(nodes.map(({ name, input: [first = ""] }) => [name, first]));
}

function isHalfType(type: ElementType | undefined): boolean {
  return type === "bfloat16" || type === "float16";
}

/** The nodes that round a float32 value to a type and widen it again; without a type it is only renamed. */
function rounded(input: string, output: string, type: ElementType | undefined): NodeProto[] {
  if (type === undefined) return [cast(input, output, "float32")];
  return [cast(input, `${output}/${type}`, type), cast(`${output}/${type}`, output, "float32")];
}

function cast(input: string, output: string, to: ElementType): NodeProto {
  const attribute = create(AttributeProtoSchema, {
    name: "to",
    type: AttributeProto_AttributeType.INT,
    i: BigInt(toDataType(to)),
  });
  return create(NodeProtoSchema, {
    name: output,
    opType: "Cast",
    input: [input],
    output: [output],
    attribute: [attribute],
  });
}

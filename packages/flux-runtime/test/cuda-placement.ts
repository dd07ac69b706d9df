import { fromBinary } from "@bufbuild/protobuf";
import {
  ModelProtoSchema,
  TensorProto_DataType,
  type NodeProto,
  type OperatorSetIdProto,
  type TensorProto,
  type ValueInfoProto,
} from "onnx-buf";
import { cudaKernels, matchCudaKernel, type CudaOperator } from "./cuda-kernels.ts";
import type { ElementType } from "../src/graph/element-type.ts";

/** A node that would not run on the GPU, and why. */
export interface MisplacedNode {
  readonly node: string;
  readonly operator: string;
  readonly reason: string;
}

const elementTypes = new Map<number, ElementType>([
  [TensorProto_DataType.FLOAT, "float32"],
  [TensorProto_DataType.FLOAT16, "float16"],
  [TensorProto_DataType.BFLOAT16, "bfloat16"],
  [TensorProto_DataType.FLOAT8E4M3FN, "float8e4m3fn"],
  [TensorProto_DataType.FLOAT8E5M2, "float8e5m2"],
  [TensorProto_DataType.INT64, "int64"],
  [TensorProto_DataType.UINT8, "uint8"],
  [TensorProto_DataType.BOOL, "bool"],
]);

/** Why a node is moved that has a kernel. */
const HOST_REASON = "all it reads is in host memory";

/** Initializers up to this many elements may go to the CPU with a node: `kSmallInitializerThreshold` in ONNX Runtime. */
const SMALL_INITIALIZER = 100;

/**
 * The nodes of a model that ONNX Runtime's CUDA provider would leave to the CPU: those without a kernel for their operator set and
 * types, and those that it moves there because all they read is in host memory already (arithmetic on shapes). A session with
 * `session.disable_cpu_ep_fallback` is refused for either. Nodes that would follow a node without a kernel are not named.
 *
 * Source: `GetCpuPreferredNodes` in core/framework/fallback_cpu_capability.cc of ONNX Runtime.
 */
export function findMisplacedNodes(model: Uint8Array): MisplacedNode[] {
  const graph = readGraph(model);
  const types = inferElementTypes(model);
  const opsets = new Map(graph.opsetImport.map(({ domain, version }) => [domain, Number(version)]));
  const free = new Set(graph.inputs.map(({ name }) => name)); // what a node on the CPU may read at no cost
  for (const { name, dims } of graph.constants) if (elementCount(dims) <= SMALL_INITIALIZER) free.add(name);

  const hostValues = new Set<string>();
  const misplaced: MisplacedNode[] = [];
  for (const node of graph.nodes) {
    const operator = cudaKernels[operatorName(node)];
    const isMoved = prefersCpu(node, operator, { types, free, hostValues });
    const reason =
      operator === undefined
        ? "the table has no such operator"
        : (missingKernel(node, operator, opsets.get(node.domain) ?? 0, types) ??
          (isMoved ? HOST_REASON : undefined));
    if (reason !== undefined) misplaced.push({ node: node.name, operator: operatorName(node), reason });
    if (isMoved || operator?.hostOutput === true) for (const output of node.output) hostValues.add(output);
  }
  return misplaced;
}

/** The element type of every value of a model. */
export function inferElementTypes(model: Uint8Array): Map<string, ElementType> {
  const { inputs, constants, nodes } = readGraph(model);
  const types = new Map<string, ElementType>();
  for (const { name, type } of inputs) {
    types.set(name, toElementType(type?.value.case === "tensorType" ? type.value.value.elemType : undefined));
  }
  for (const { name, dataType } of constants) types.set(name, toElementType(dataType));
  for (const node of nodes) inferTypes(node, cudaKernels[operatorName(node)], types);
  return types;
}

/** The kinds of misplaced nodes, for a short message: operator, reason and how often. */
export function summarize(nodes: readonly MisplacedNode[]): string[] {
  const counts = new Map<string, number>();
  for (const { operator, reason } of nodes) {
    const kind = `${operator}: ${reason}`;
    counts.set(kind, (counts.get(kind) ?? 0) + 1);
  }
  return [...counts].map(([kind, count]) => `${kind} (${count})`);
}

/** The parts of a model that matter here; Constant nodes become initializers when a model is loaded, so they count as such. */
function readGraph(model: Uint8Array): {
  readonly opsetImport: readonly OperatorSetIdProto[];
  readonly inputs: readonly ValueInfoProto[];
  readonly constants: readonly Pick<TensorProto, "name" | "dataType" | "dims">[];
  readonly nodes: readonly NodeProto[];
} {
  const { graph, opsetImport } = fromBinary(ModelProtoSchema, model);
  if (graph === undefined) throw new Error("the model has no graph");
  const folded = graph.node.flatMap(({ opType, attribute, output: [name = ""] }) => {
    const value = opType === "Constant" ? attribute.find((entry) => entry.name === "value")?.t : undefined;
    return value === undefined ? [] : [{ name, dataType: value.dataType, dims: value.dims }];
  });
  return {
    opsetImport,
    inputs: graph.input,
    constants: [...graph.initializer, ...folded],
    nodes: graph.node.filter(({ opType }) => opType !== "Constant"),
  };
}

function operatorName({ domain, opType }: NodeProto): string {
  return domain === "" ? opType : `${domain}.${opType}`;
}

function elementCount(dims: readonly bigint[]): bigint {
  return dims.reduce((size, length) => size * length, 1n);
}

/** Sets the types of a node's outputs: an attribute's, the operator's own, that of the parameter, or else the first input's. */
function inferTypes(
  node: NodeProto,
  operator: CudaOperator | undefined,
  types: Map<string, ElementType>,
): void {
  const first = types.get(node.input[0] ?? "");
  for (const [index, output] of node.output.entries()) {
    const parameter = at(operator?.outputs ?? [], index);
    const type =
      attributeType(node) ?? fixedType(parameter) ?? boundType(node, operator, parameter, types) ?? first;
    if (type === undefined) throw new Error(`the type of ${output} is not known; its node is ${node.opType}`);
    types.set(output, type);
  }
}

/** The type that an attribute gives the output: `to` of a Cast, `value` of a ConstantOfShape. */
function attributeType({ opType, attribute }: NodeProto): ElementType | undefined {
  if (opType === "Cast") return toElementType(Number(attribute.find(({ name }) => name === "to")?.i));
  if (opType !== "ConstantOfShape") return undefined;
  const value = attribute.find(({ name }) => name === "value")?.t;
  return value === undefined ? "float32" : toElementType(value.dataType);
}

function fixedType(parameter: string | undefined): ElementType | undefined {
  return [...elementTypes.values()].find((type) => type === parameter);
}

/** A parameter's type from the inputs; a comparison's result has a parameter of its own and is boolean. */
function boundType(
  node: NodeProto,
  operator: CudaOperator | undefined,
  parameter: string | undefined,
  types: ReadonlyMap<string, ElementType>,
): ElementType | undefined {
  const index = node.input.findIndex(
    (input, i) => input !== "" && at(operator?.inputs ?? [], i) === parameter,
  );
  if (index >= 0) return types.get(node.input[index] ?? "");
  return parameter !== undefined && ["Less", "And"].includes(node.opType) ? "bool" : undefined;
}

function missingKernel(
  node: NodeProto,
  operator: CudaOperator,
  opset: number,
  types: ReadonlyMap<string, ElementType>,
): string | undefined {
  const bound: Record<string, ElementType> = {};
  const uses = [
    ...node.input.map((value, index) => ({ value, parameter: at(operator.inputs, index) })),
    ...node.output.map((value, index) => ({ value, parameter: at(operator.outputs, index) })),
  ];
  for (const { value, parameter } of uses) {
    const type = types.get(value);
    if (type === undefined || parameter === undefined) continue;
    const expected = fixedType(parameter) ?? bound[parameter];
    if (expected !== undefined && expected !== type) {
      return `${parameter} is ${expected} and ${type} at once`;
    }
    if (fixedType(parameter) === undefined) bound[parameter] = type;
  }
  const match = matchCudaKernel(operator, opset, bound);
  return match.found ? undefined : match.reason;
}

function prefersCpu(
  node: NodeProto,
  operator: CudaOperator | undefined,
  known: {
    readonly types: ReadonlyMap<string, ElementType>;
    readonly free: ReadonlySet<string>;
    readonly hostValues: ReadonlySet<string>;
  },
): boolean {
  const inputs = node.input.filter((input) => input !== "");
  if (!inputs.some((input) => known.hostValues.has(input))) return false;
  return node.input.every((input, index) => {
    if (input === "") return true;
    const type = known.types.get(input);
    if (type === "float16" || type === "bfloat16") return false;
    if (known.free.has(input)) return true;
    return known.hostValues.has(input) && operator?.hostInputs?.includes(index) !== true;
  });
}

function at<Item>(items: readonly Item[], index: number): Item | undefined {
  return items[Math.min(index, items.length - 1)];
}

function toElementType(dataType: number | undefined): ElementType {
  const type = elementTypes.get(dataType ?? 0);
  if (type === undefined)
    throw new Error(`the element type ${dataType ?? "none"} is none that a graph here has`);
  return type;
}

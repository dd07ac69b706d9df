import { type NodeProto, TensorProto_DataType } from "onnx-buf";
import { resolveConstant } from "../graph/constant-values.ts";
import { type GraphScope, graphScopes, operatorOf, producerOf } from "../graph/graph-scope.ts";
import { einsumEquation } from "../graph/einsum-equation.ts";
import { floatingPointType } from "../graph/element-types.ts";
import { inlineFunctions } from "../graph/inline-functions.ts";
import { foldedNames, moduleNames, withoutWeight } from "../graph/module-names.ts";
import { inputOf, integerAttribute, outputOf } from "../graph/node-parts.ts";
import { type ModelView, readModel, type TensorHeader } from "../graph/read-model.ts";
import { isScaleNode } from "../graph/scale-node.ts";
import { isUnitPath } from "../units/unit-address.ts";
import { joinTwins } from "./branch-twins.ts";
import type { Projection, ProjectionOperator } from "./projection.ts";

/** Where an operator keeps its inputs. */
interface OperatorInputs {
  readonly op: ProjectionOperator;
  readonly weight: number;
  /** The weight's scale, whose type is the result's; `undefined` where the weight has that type itself. */
  readonly scale?: number;
  readonly bias?: number;
  readonly isInputQuantized?: boolean;
}

const OPERATORS: ReadonlyMap<string, OperatorInputs> = new Map<string, OperatorInputs>([
  ["/MatMul", { op: "MatMul", weight: 1 }],
  ["/Gemm", { op: "Gemm", weight: 1, bias: 2 }],
  ["/Einsum", { op: "Einsum", weight: 1 }],
  ["com.microsoft/FusedMatMul", { op: "FusedMatMul", weight: 1 }],
  ["com.microsoft/MatMulNBits", { op: "MatMulNBits", weight: 1, scale: 2, bias: 5 }],
  ["/MatMulInteger", { op: "MatMulInteger", weight: 1, isInputQuantized: true }],
  [
    "com.microsoft/MatMulIntegerToFloat",
    { op: "MatMulIntegerToFloat", weight: 1, scale: 3, bias: 6, isInputQuantized: true },
  ],
  ["com.microsoft/DynamicQuantizeMatMul", { op: "DynamicQuantizeMatMul", weight: 1, scale: 2, bias: 4 }],
  ["/QLinearMatMul", { op: "QLinearMatMul", weight: 3, scale: 4, isInputQuantized: true }],
]);

/** Between a product of integers and its bias stand a Cast and a Mul by the scales. */
const STEPS_TO_BIAS = 4;

/**
 * List a model's projections: the nodes that multiply by a constant matrix (MatMul, Gemm, com.microsoft FusedMatMul,
 * an Einsum that sums over the last axes of its first operand, and the quantised forms MatMulNBits, MatMulInteger, MatMulIntegerToFloat, DynamicQuantizeMatMul, QLinearMatMul),
 * where the matrix comes directly or through Cast, Transpose, Identity or DequantizeLinear. Those in functions of the
 * model and in the bodies of If, Loop and Scan are listed too.
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
  return findProjections(inlineFunctions(readModel(model)));
}

/** {@link listProjections} of a model that was read already. */
export function findProjections(view: ModelView): Projection[] {
  return joinTwins(graphScopes(view).flatMap(projectionsIn));
}

/** The projections of one graph. */
export function projectionsIn(scope: GraphScope): Projection[] {
  return scope.nodes.flatMap((node, nodeIndex) => {
    const inputs = OPERATORS.get(operatorOf(node));
    const weightInput = node.input[inputs?.weight ?? 1];
    if (inputs === undefined || node.input[0] === undefined || weightInput === undefined) return [];
    if (["transA", "transBatchA", "transBatchB"].some((name) => integerAttribute(node, name) === 1))
      return [];
    const weight = resolveConstant(scope, weightInput);
    const widths = weight === undefined ? undefined : widthsOf(node, inputs.op, weight);
    if (weight === undefined || widths === undefined) return [];
    const tapped = tappedInput(scope, node, nodeIndex, inputs);
    const type = floatingPointType(inputType(scope, node, inputs, weight));
    if (tapped === undefined || type === undefined) return [];
    const bias = findBias(scope, node, nodeIndex, inputs, widths.outputChannels);
    const own = [
      node.name,
      weight.name,
      withoutWeight(weight.name),
      ...moduleNames(node),
      ...foldedNames(scope, weight.name),
    ];
    const ofBias = bias === null || isShared(scope, bias) ? undefined : bias.replace(/\.bias$/, "");
    const names = new Set([...own, ofBias ?? ""].filter((name) => name !== ""));
    const fallback = isUnitPath(node.name) ? node.name : `projection.${nodeIndex}`;
    return [
      {
        ...tapped,
        ...widths,
        node: node.name,
        nodeIndex,
        op: inputs.op,
        weight: weight.name,
        bias,
        elementType: type,
        names: [...names],
        path: choosePath(own, ofBias, fallback),
        scope: scope.path,
        twin: null,
      },
    ];
  });
}

/** Whether several nodes of a graph read a value. */
function isShared({ consumers }: GraphScope, value: string): boolean {
  return (consumers.get(value)?.length ?? 0) > 1;
}

/** Names that exporters make up: they say nothing about the module. */
const MADE_UP =
  /^(?:onnx::|val_\d|_v_|(?:node_)?(?:MatMul|Gemm|FusedMatMul|Constant|linear|addmm|mm|matmul)(?:_+\d+)*(?:_quant|_Q4|_Q8)?$)/;

/** Names that PyTorch's dynamo exporter makes of a module's path, as `node_layers_0_proj`. */
const FLATTENED_PATH = /^node_/;

/**
 * The name that best serves as the beginning of an address: a dotted module path, else any name that can. The bias
 * comes after what names the node itself: exporters merge equal ones, so that it may be called by another layer.
 *
 * @param own the names of the node and of its weight.
 */
function choosePath(own: readonly string[], bias: string | undefined, fallback: string): string {
  const isUsable = (name: string): boolean => isUnitPath(name) && !MADE_UP.test(name);
  const isModule = (name: string): boolean => name.includes(".") && !/[/]|\.(?:weight|bias)$/.test(name);
  const usable = own.filter(isUsable);
  const ofBias = bias !== undefined && isUsable(bias) ? bias : undefined;
  return (
    usable.find(isModule) ??
    usable.find((name) => FLATTENED_PATH.test(name)) ??
    (ofBias !== undefined && isModule(ofBias) ? ofBias : undefined) ??
    usable[0] ??
    ofBias ??
    fallback
  );
}

function widthsOf(
  node: NodeProto,
  op: ProjectionOperator,
  { dims }: TensorHeader,
): Pick<Projection, "inputChannels" | "inputAxes" | "outputChannels"> | undefined {
  if (op === "Einsum") return einsumWidths(node, dims);
  if (op === "MatMulNBits") {
    const [inputChannels, outputChannels] = [integerAttribute(node, "K"), integerAttribute(node, "N")];
    if (!inputChannels || !outputChannels || inputChannels < 0 || outputChannels < 0) return undefined;
    return { inputChannels, inputAxes: [inputChannels], outputChannels };
  }
  const [rows, columns, ...more] = dims;
  if (!rows || !columns || more.length > 0 || rows < 0 || columns < 0) return undefined;
  const [inputChannels, outputChannels] =
    integerAttribute(node, "transB") === 1 ? [columns, rows] : [rows, columns];
  return { inputChannels, inputAxes: [inputChannels], outputChannels };
}

/** The widths of an Einsum that sums over the last axes of its input alone, as in `bthd,hdo->bto`. */
function einsumWidths(
  node: NodeProto,
  dims: readonly number[],
): Pick<Projection, "inputChannels" | "inputAxes" | "outputChannels"> | undefined {
  const { operands, result = [], hasEllipsis } = einsumEquation(node) ?? {};
  const [input = [], weight = [], ...more] = operands ?? [];
  const first = input.findIndex((letter) => !result.includes(letter));
  const [kept, summed] = [input.slice(0, first), input.slice(first)];
  const made = weight.filter((letter) => !summed.includes(letter));
  const isProjection =
    first > 0 &&
    hasEllipsis === false &&
    more.length === 0 &&
    new Set(weight).size === dims.length &&
    summed.every((letter) => weight.includes(letter) && !result.includes(letter)) &&
    result.join("") === [...kept, ...made].join("");
  if (!isProjection || dims.some((axis) => axis <= 0)) return undefined;
  const lengthOf = (letter: string): number => dims[weight.indexOf(letter)] ?? 0;
  const inputAxes = summed.map(lengthOf);
  return {
    inputChannels: inputAxes.reduce((product, axis) => product * axis, 1),
    inputAxes,
    outputChannels: made.map(lengthOf).reduce((product, axis) => product * axis, 1),
  };
}

/** The type of the floating-point input: the weight's or its scale's, float32 behind a dynamic quantisation. */
function inputType(
  scope: GraphScope,
  node: NodeProto,
  { op, scale }: OperatorInputs,
  weight: TensorHeader,
): number | undefined {
  if (op === "MatMulInteger") return TensorProto_DataType.FLOAT;
  if (scale === undefined) return weight.elementType;
  return resolveConstant(scope, inputOf(node, scale))?.elementType ?? TensorProto_DataType.FLOAT;
}

type TappedInput = Pick<Projection, "input" | "readerIndex" | "quantization">;

/** The floating-point tensor behind the input, and who reads it. */
function tappedInput(
  scope: GraphScope,
  node: NodeProto,
  index: number,
  { op, isInputQuantized = false }: OperatorInputs,
): TappedInput | undefined {
  const value = inputOf(node, 0);
  const producer = producerOf(scope, value);
  if (isInputQuantized) {
    const quantizer = producer?.node;
    if (quantizer?.opType === "DynamicQuantizeLinear" || quantizer?.opType === "QuantizeLinear") {
      return beforeScaling(scope, inputOf(quantizer, 0), producer?.scope === scope ? producer.index : index);
    }
    if (op === "MatMulInteger") return undefined;
    const [scale = "", zeroPoint = ""] =
      op === "QLinearMatMul" ? node.input.slice(1, 3) : [node.input[2], node.input[4]];
    return { input: value, readerIndex: index, quantization: { scale, zeroPoint } };
  }
  // A tensor that is quantised and dequantised again is tapped before, so that the pair stays next to its operator.
  if (producer?.node.opType === "DequantizeLinear") {
    const quantizer = producerOf(producer.scope, inputOf(producer.node, 0));
    if (quantizer?.node.opType === "QuantizeLinear" && quantizer.scope === scope) {
      return beforeScaling(scope, inputOf(quantizer.node, 0), quantizer.index);
    }
  }
  return beforeScaling(scope, value, index);
}

/** A tensor as it was before an earlier hook put its scaling in between. */
function beforeScaling(scope: GraphScope, value: string, readerIndex: number): TappedInput {
  let input = value;
  for (let producer = producerOf(scope, input)?.node; producer !== undefined && isScaleNode(producer);) {
    input = inputOf(producer, 0);
    producer = producerOf(scope, input)?.node;
  }
  return { input, readerIndex, quantization: null };
}

/** The name of what is added to the product: an input of the node, of an Add behind it, or of a fused residual. */
function findBias(
  scope: GraphScope,
  node: NodeProto,
  index: number,
  inputs: OperatorInputs,
  channels: number,
): string | null {
  const isBias = (value: string | undefined): value is string => {
    const dims = value === undefined || value === "" ? undefined : resolveConstant(scope, value)?.dims;
    return dims?.at(-1) === channels && dims.every((axis, at) => axis === 1 || at === dims.length - 1);
  };
  const own = inputs.bias === undefined ? undefined : node.input[inputs.bias];
  if (isBias(own)) return own;
  let reader: NodeProto | undefined = scope.nodes[index];
  for (let step = 0; step < STEPS_TO_BIAS && reader !== undefined; step++) {
    const readers: readonly number[] = scope.consumers.get(outputOf(reader)) ?? [];
    const [next, ...others] = readers;
    if (next === undefined || others.length > 0) return null;
    reader = scope.nodes[next];
    if (reader?.opType === "Add") return reader.input.find(isBias) ?? null;
    if (reader?.opType === "SkipLayerNormalization") return isBias(reader.input[4]) ? reader.input[4] : null;
    if (reader?.opType === "SkipSimplifiedLayerNormalization")
      return isBias(reader.input[3]) ? reader.input[3] : null;
    if (!["Cast", "Mul", "DequantizeLinear", "QuantizeLinear", "Reshape"].includes(reader?.opType ?? ""))
      return null;
  }
  return null;
}

import { TensorProto_DataType as Type } from "onnx-buf";
import { resolveConstant } from "./constant-values.ts";
import { type GraphScope, operatorOf } from "./graph-scope.ts";
import { attributeOf, inputOf, integerAttribute, operatorSet } from "./node-parts.ts";

/** The floating-point types that a tensor can have to be captured. */
export type ElementType = "float32" | "float16" | "bfloat16" | "float64";

/** Each of them as ONNX numbers it. */
export const DATA_TYPES: Readonly<Record<ElementType, Type>> = {
  float32: Type.FLOAT,
  float16: Type.FLOAT16,
  bfloat16: Type.BFLOAT16,
  float64: Type.DOUBLE,
};

/** The floating-point type that ONNX numbers so; `undefined` for another type. */
export function floatingPointType(dataType: number | undefined): ElementType | undefined {
  return (["float32", "float16", "bfloat16", "float64"] as const).find(
    (type) => DATA_TYPES[type] === dataType,
  );
}

/** Operators whose results are truth values. */
const LOGICAL = operatorSet(`
  Equal Less LessOrEqual Greater GreaterOrEqual And Or Xor Not IsNaN IsInf
`);

/** Operators whose results are int64. */
const COUNTING = operatorSet("Shape Size ArgMax ArgMin NonZero");

/** Operators whose type is that of another input than the first. */
const TYPE_INPUT: Readonly<Record<string, number>> = { Where: 1, CastLike: 1, OneHot: 2 };

/** Each graph is gone through once, from its inputs on. */
const TYPES = new WeakMap<GraphScope, ReadonlyMap<string, number>>();

/**
 * The element type of a value of this graph, an ONNX `TensorProto.DataType`: as stated, else by the nodes that it comes
 * from. `undefined` where neither shows it.
 */
export function elementTypeOf(scope: GraphScope, value: string): number | undefined {
  let types = TYPES.get(scope);
  if (types === undefined) {
    types = inferTypes(scope);
    TYPES.set(scope, types);
  }
  return types.get(value);
}

function inferTypes(scope: GraphScope): ReadonlyMap<string, number> {
  const types = new Map<string, number>();
  for (const [name, { elementType }] of scope.initializers) types.set(name, elementType);
  for (const [name, { type }] of scope.valueInfos)
    if (type?.value.case === "tensorType" && type.value.value.elemType !== 0)
      types.set(name, type.value.value.elemType);
  for (const node of scope.nodes)
    for (const [index, value] of node.output.entries()) {
      if (value === "" || types.has(value)) continue;
      const type = resultType(scope, node, { index, value }, types);
      if (type !== undefined) types.set(value, type);
    }
  return types;
}

/** The type of one result of a node, by its operator and the types of its inputs. */
function resultType(
  scope: GraphScope,
  node: GraphScope["nodes"][number],
  { index, value }: { readonly index: number; readonly value: string },
  types: ReadonlyMap<string, number>,
): number | undefined {
  const { opType } = node;
  const of = (input: number): number | undefined => types.get(inputOf(node, input));
  if (LOGICAL.has(opType)) return Type.BOOL;
  if (COUNTING.has(opType)) return Type.INT64;
  switch (operatorOf(node)) {
    case "/Constant":
      return resolveConstant(scope, value)?.elementType;
    case "/ConstantOfShape":
      return attributeOf(node, "value")?.t?.dataType ?? Type.FLOAT;
    case "/Cast":
      return integerAttribute(node, "to");
    case "/DequantizeLinear":
    case "com.microsoft/DequantizeLinear":
      return integerAttribute(node, "output_dtype") || of(1);
    case "/QuantizeLinear":
    case "com.microsoft/QuantizeLinear":
      return integerAttribute(node, "output_dtype") || (of(2) ?? Type.UINT8);
    case "/DynamicQuantizeLinear":
      return index === 1 ? Type.FLOAT : Type.UINT8;
    case "/MatMulInteger":
    case "/ConvInteger":
      return Type.INT32;
    case "com.microsoft/MatMulIntegerToFloat":
      return of(2);
    case "/QLinearMatMul":
      return of(7);
    case "/TopK":
      return index === 0 ? of(0) : Type.INT64;
    case "/Dropout":
      return index === 0 ? of(0) : Type.BOOL;
  }
  // What runs a graph of its own, or is nobody's standard, may make anything.
  const isKnown = node.attribute.every(({ g }) => g === undefined);
  return isKnown && /^(com\.microsoft)?\//.test(operatorOf(node)) ? of(TYPE_INPUT[opType] ?? 0) : undefined;
}

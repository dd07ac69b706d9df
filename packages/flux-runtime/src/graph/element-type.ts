import { TensorProto_DataType } from "onnx-buf";

/** The element types that the graphs of this package use, by ONNX Runtime's names for them. */
export type ElementType =
  "float32" | "float16" | "bfloat16" | "float8e4m3fn" | "float8e5m2" | "int64" | "uint8" | "bool";

/** A type in which the matrix products of a graph can be computed. */
export type ComputeType = "float32" | "float16" | "bfloat16";

const dataTypes: Readonly<Record<ElementType, TensorProto_DataType>> = {
  float32: TensorProto_DataType.FLOAT,
  float16: TensorProto_DataType.FLOAT16,
  bfloat16: TensorProto_DataType.BFLOAT16,
  float8e4m3fn: TensorProto_DataType.FLOAT8E4M3FN,
  float8e5m2: TensorProto_DataType.FLOAT8E5M2,
  int64: TensorProto_DataType.INT64,
  uint8: TensorProto_DataType.UINT8,
  bool: TensorProto_DataType.BOOL,
};

/** The `TensorProto.DataType` of an element type. */
export function toDataType(type: ElementType): TensorProto_DataType {
  return dataTypes[type];
}

import { create } from "@bufbuild/protobuf";
import { type ValueInfoProto, ValueInfoProtoSchema } from "onnx-buf";

/** The statement of a graph input or output: its type, and each axis by its length or a symbol's name; without axes any shape. */
export function tensorInfo(
  name: string,
  elemType: number,
  axes: readonly (string | number)[] | undefined,
): ValueInfoProto {
  const dim = axes?.map((axis) => ({
    value:
      typeof axis === "number"
        ? { case: "dimValue" as const, value: BigInt(axis) }
        : { case: "dimParam" as const, value: axis },
  }));
  const shape = dim === undefined ? {} : { shape: { dim } };
  return create(ValueInfoProtoSchema, {
    name,
    type: { value: { case: "tensorType", value: { elemType, ...shape } } },
  });
}

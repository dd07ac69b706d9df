import type { NodeProto } from "onnx-buf";

/** Marks the Mul and Add that scale a tapped tensor, so that hooking again finds the tensor before them. */
export const SCALE_MARK = "head-hooks scale";

/** Whether a node belongs to the scaling of an earlier hook. */
export function isScaleNode({ opType, docString }: NodeProto): boolean {
  return (opType === "Mul" || opType === "Add") && docString === SCALE_MARK;
}

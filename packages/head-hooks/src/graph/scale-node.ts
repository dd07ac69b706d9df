import type { NodeProto } from "onnx-buf";

/** Marks the Mul that scales a tapped tensor, so that hooking again finds the tensor before it. */
export const SCALE_MARK = "head-hooks scale";

/** Whether a node is the scaling of an earlier hook. */
export function isScaleNode({ opType, docString }: NodeProto): boolean {
  return opType === "Mul" && docString === SCALE_MARK;
}

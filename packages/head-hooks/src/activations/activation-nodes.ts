import { clone } from "@bufbuild/protobuf";
import { type NodeProto, NodeProtoSchema, TensorProto_DataType } from "onnx-buf";
import { DATA_TYPES, type ElementType } from "../graph/element-types.ts";
import type { NodeTape, ValueName } from "../graph/node-tape.ts";
import type { EditInputs } from "./activation-tap.ts";
import type { CaptureSpec } from "./read-taps.ts";

/**
 * Write the nodes that capture an activation x: as it is, or reduced over some axes, in float32 whatever its type. With a
 * group size the last axis [C] is viewed as [G, g], and reduced over g, too.
 */
export function captureActivation(tape: NodeTape, x: ValueName, spec: CaptureSpec, output: ValueName): void {
  if (spec.capture === "raw") {
    const isFloat32 = spec.elementType === "float32";
    if (isFloat32) tape.op("raw", "Identity", [x], [], output);
    else tape.cast("raw", x, TensorProto_DataType.FLOAT, output);
    return;
  }
  const values = spec.elementType === "float32" ? x : tape.cast("float32", x, TensorProto_DataType.FLOAT);
  const grouped =
    spec.grouping === undefined
      ? values
      : tape.op("groups", "Reshape", [values, tape.int64("groups/shape", spec.grouping)]);
  switch (spec.capture) {
    case "mean":
      tape.op("reduced", "Identity", [tape.reduce("mean", "ReduceMean", grouped, spec.axes)], [], output);
      return;
    case "absMax": {
      const magnitude = tape.op("magnitude", "Abs", [grouped]);
      tape.op("reduced", "Identity", [tape.reduce("maximum", "ReduceMax", magnitude, spec.axes)], [], output);
      return;
    }
    case "meanSquare":
    case "rms": {
      const squares = tape.op("squares", "Mul", [grouped, grouped]);
      const mean = tape.reduce("mean_square", "ReduceMean", squares, spec.axes);
      tape.op("reduced", spec.capture === "rms" ? "Sqrt" : "Identity", [mean], [], output);
    }
  }
}

/**
 * Write the nodes that change an activation x as a run asks for: `mask` chooses between x and `replacement`, then
 * `addition` is added. Where the mask is false and −0 is added every value stays, bit for bit: x + −0 = x in IEEE arithmetic
 * for all finite values, infinities and both zeros, and a NaN stays NaN. What is given must broadcast to the activation:
 * the last node fails where it would make more values of it.
 *
 * @param x the activation before the edit.
 * @param edited the name of the activation that everything else reads.
 */
export function editActivation(
  tape: NodeTape,
  x: ValueName,
  edited: ValueName,
  { inputs, elementType }: { readonly inputs: EditInputs; readonly elementType: ElementType },
): void {
  const typed = (label: string, value: ValueName): ValueName =>
    elementType === "float32" ? value : tape.cast(label, value, DATA_TYPES[elementType]);
  const replaced = tape.op("replaced", "Where", [
    inputs.mask,
    typed("replacement/typed", inputs.replacement),
    x,
  ]);
  const shifted = tape.op("shifted", "Add", [replaced, typed("addition/typed", inputs.addition)]);
  tape.op("edited", "Reshape", [shifted, tape.op("shape", "Shape", [x])], [], edited);
}

/** A copy of a node that makes a value under another name. */
export function renameOutput(node: NodeProto, value: ValueName, name: ValueName): NodeProto {
  const copy = clone(NodeProtoSchema, node);
  copy.output = copy.output.map((output) => (output === value ? name : output));
  return copy;
}

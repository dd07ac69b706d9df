import { FluxRuntimeError } from "./errors.ts";
import { elementCount, requireTensor, type Tensor } from "./tensor.ts";

/**
 * Joins tensors along one axis; all other axes are equal.
 *
 * @throws {FluxRuntimeError} `invalid-argument` where there is nothing to join, another axis differs, or data do not fit their shape.
 * @example
 * concatenate([{ data: Float32Array.of(1, 2), shape: [1, 2] }, { data: Float32Array.of(3), shape: [1, 1] }], 1).shape; // [1, 3]
 */
export function concatenate(tensors: readonly Tensor[], axis: number): Tensor {
  const [first] = tensors;
  const others = (shape: readonly number[]): string => shape.toSpliced(axis, 1).join(", ");
  if (first === undefined || tensors.some(({ shape }) => others(shape) !== others(first.shape))) {
    const received = tensors.map(({ shape }) => `[${shape.join(", ")}]`).join(", ");
    throw new FluxRuntimeError(
      "invalid-argument",
      `Tensors can be joined along axis ${axis} where all other axes are equal, but there are ${received || "none"}. Make them with the same settings.`,
      { axis, shapes: tensors.map(({ shape }) => shape) },
    );
  }
  for (const tensor of tensors) requireTensor("tensor to join", tensor);
  const length = tensors.reduce((sum, { shape }) => sum + (shape[axis] ?? 0), 0);
  const shape = first.shape.with(axis, length);
  const rows = elementCount(shape.slice(0, axis));
  const data = new Float32Array(elementCount(shape));
  let offset = 0;
  for (let row = 0; row < rows; row += 1) {
    for (const tensor of tensors) {
      const run = tensor.data.length / rows;
      data.set(tensor.data.subarray(row * run, (row + 1) * run), offset);
      offset += run;
    }
  }
  return { data, shape };
}

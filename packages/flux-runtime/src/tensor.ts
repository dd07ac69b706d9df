import { FluxRuntimeError } from "./errors.ts";

/** A dense float32 array in row-major order: the last axis of `shape` is contiguous in `data`. */
export interface Tensor {
  /** The elements, as many as the axes multiply to. */
  readonly data: Float32Array;
  /** Axes, outermost first; empty for a scalar. */
  readonly shape: readonly number[];
}

/**
 * The number of elements of a shape: the product of its axes, 1 for a scalar.
 *
 * @throws {FluxRuntimeError} `invalid-argument` where an axis is negative or no integer, or the product is beyond
 * 2^53 − 1.
 */
export function elementCount(shape: readonly number[]): number {
  let count = 1;
  for (const axis of shape) {
    if (!Number.isSafeInteger(axis) || axis < 0) {
      throw new FluxRuntimeError(
        "invalid-argument",
        `A shape must consist of integers that are 0 or more, but got [${shape.join(", ")}]. Correct the axis ${axis}.`,
        { shape, axis },
      );
    }
    count *= axis;
  }
  if (!Number.isSafeInteger(count)) {
    throw new FluxRuntimeError(
      "invalid-argument",
      `The shape [${shape.join(", ")}] has more than 2^53 − 1 elements. Use a smaller shape.`,
      { shape },
    );
  }
  return count;
}

/**
 * Requires as many elements as the shape says: a typed array that is read beyond its end gives undefined, not an error.
 *
 * @param name - What the message calls the tensor, such as "latents".
 * @throws {FluxRuntimeError} `invalid-argument` where there are fewer or more, or the shape is none.
 */
export function requireTensor(name: string, { data, shape }: Tensor): void {
  const expected = elementCount(shape);
  if (data.length === expected) return;
  throw new FluxRuntimeError(
    "invalid-argument",
    `The data of the ${name} must be ${expected} values for the shape [${shape.join(", ")}], but are ${data.length}. Correct the shape or the data.`,
    { tensor: name, shape, expected, received: data.length },
  );
}

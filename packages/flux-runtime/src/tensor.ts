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

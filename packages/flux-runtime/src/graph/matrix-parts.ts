const FLOAT32_BYTES = 4;
/** Bytes of a widened part. On software adapters, parts of this size add no time that can be measured. */
const LARGEST_PART = 2 ** 24;

/**
 * The parts of which WebGPU's kernels take a matrix [in, out]: how many of its columns each has.
 *
 * A matrix in 16 bits is widened right before its product, and the copy is freed only when the work that was handed over
 * together with it is done: 16 dispatches, which would be several large matrices. In parts they are a few megabytes each. Only
 * matrices that widen are divided: the others, which taps know by the name of their single product, are smaller.
 */
export function partColumns([rows = 0, columns = 0]: readonly number[]): number[] {
  const bytes = rows * columns * FLOAT32_BYTES;
  const count = columns > rows ? Math.ceil(bytes / LARGEST_PART) : 1;
  const most = Math.ceil(columns / Math.max(1, count));
  return Array.from({ length: Math.ceil(columns / most) }, (_, part) =>
    Math.min(most, columns - part * most),
  );
}

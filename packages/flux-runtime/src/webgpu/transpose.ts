/** Rows and columns that are turned at a time, so that both sides stay in the processor's cache. */
const TILE = 64;

/**
 * Exchanges the axes of a matrix.
 *
 * @param from - [rows, columns].
 * @param to - Takes [columns, rows]; another array than `from`.
 */
export function transpose<Numbers extends Uint16Array | Float32Array>(
  from: Numbers,
  to: Numbers,
  [rows, columns]: readonly [number, number],
): void {
  for (let top = 0; top < rows; top += TILE) {
    for (let left = 0; left < columns; left += TILE) {
      for (let row = top; row < Math.min(rows, top + TILE); row += 1) {
        for (let column = left; column < Math.min(columns, left + TILE); column += 1) {
          to[column * rows + row] = from[row * columns + column] as number; // within both
        }
      }
    }
  }
}

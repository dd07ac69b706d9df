import { itemAt, valueAt } from "../../reading.ts";

/**
 * The shortest direction along which the inputs change by given amounts from condition a to condition b.
 *
 * @param changes - For each pair the change of the mean input, float64 [C] each; fewer pairs than channels.
 * @param answers - For each pair the product that the direction is to have with the change.
 * @returns float64 [C].
 * @throws RangeError where the changes are not linearly independent, as with a pair that is given twice.
 */
export function answeringDirection(
  changes: readonly Float64Array[],
  answers: readonly number[],
): Float64Array {
  const gram = changes.map((one) => changes.map((other) => dot(one, other)));
  const weights = solve(gram, answers);
  const direction = new Float64Array(changes[0]?.length ?? 0);
  for (const [pair, change] of changes.entries()) {
    const weight = valueAt(weights, pair);
    for (const [channel, value] of change.entries())
      direction[channel] = valueAt(direction, channel) + weight * value;
  }
  return direction;
}

/** The product of two vectors of one length. */
export function dot(one: Float64Array, other: Float64Array): number {
  return one.reduce((sum, value, index) => sum + value * valueAt(other, index), 0);
}

/** Pivots below this share of the greatest one count as zero. */
const SMALLEST_PIVOT = 1e-10;

/** Solves a symmetric positive definite system by Cholesky's decomposition. */
function solve(matrix: readonly (readonly number[])[], right: readonly number[]): number[] {
  const size = right.length;
  const greatest = Math.max(...matrix.map((row, index) => valueAt(row, index)));
  const lower: number[][] = matrix.map(() => []);
  const at = (row: number, column: number): number => valueAt(itemAt(lower, row), column);
  for (let row = 0; row < size; row += 1) {
    for (let column = 0; column <= row; column += 1) {
      let rest = valueAt(itemAt(matrix, row), column);
      for (let k = 0; k < column; k += 1) rest -= at(row, k) * at(column, k);
      if (row === column && rest <= SMALLEST_PIVOT * greatest) {
        throw new RangeError(`the input of pair ${row + 1} changes as a mixture of the pairs before it does`);
      }
      itemAt(lower, row).push(row === column ? Math.sqrt(rest) : rest / at(column, column));
    }
  }
  const forward: number[] = [];
  for (let row = 0; row < size; row += 1) {
    let rest = valueAt(right, row);
    for (let k = 0; k < row; k += 1) rest -= at(row, k) * valueAt(forward, k);
    forward.push(rest / at(row, row));
  }
  const solution = Array<number>(size).fill(0);
  for (let row = size - 1; row >= 0; row -= 1) {
    let rest = valueAt(forward, row);
    for (let k = row + 1; k < size; k += 1) rest -= at(k, row) * valueAt(solution, k);
    solution[row] = rest / at(row, row);
  }
  return solution;
}

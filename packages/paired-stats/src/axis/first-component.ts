import { valueAt } from "../reading.ts";

/** The direction along which rows vary most about 0. */
export interface FirstComponent {
  /** The share of the sum of squares that lies along it. */
  readonly share: number;
  /** The size of its cosine with the direction of the rows' sum, 0 if there is no sum. */
  readonly cosine: number;
}

/** Doubles the power so often at most: then even components that differ by 1e-12 are parted. */
const MOST_SQUARINGS = 45;
/** Steps of the plain power method, which take out what squaring rounded. */
const POLISHING_STEPS = 3;

/**
 * The first principal component of uncentred rows from their Gram matrix: its leading eigenvector by the power method, the
 * power being doubled by squaring the matrix until one component is left of it.
 *
 * @param gram - `[rows, rows]`, not all 0.
 * @see Golub & Van Loan (2013), Matrix Computations, section 7.3 (power method); Jolliffe (2002), Principal Component
 *   Analysis, section 3.5 (components of rows from their inner products).
 */
export function firstComponent(gram: Float64Array, rows: number): FirstComponent {
  const trace = traceOf(gram, rows);
  const scaled = gram.map((value) => value / trace);
  let power = scaled;
  for (let squaring = 0; squaring < MOST_SQUARINGS; squaring += 1) {
    const square = multiply(power, power, rows);
    const left = traceOf(square, rows); // of a trace of 1: 1 if a single component is left
    power = square.map((value) => value / left);
    if (left > 1 - 1e-15) break;
  }
  let vector = normalize(columnOf(power, rows, largestOnDiagonal(power, rows)));
  for (let step = 0; step < POLISHING_STEPS; step += 1) vector = normalize(multiply(scaled, vector, rows));
  const share = dot(vector, multiply(scaled, vector, rows));
  const squareOfSum = scaled.reduce((sum, value) => sum + value, 0);
  const total = vector.reduce((sum, value) => sum + value, 0);
  const cosine = squareOfSum > 0 ? Math.abs(total) * Math.sqrt(share / squareOfSum) : 0;
  return { share: Math.min(1, share), cosine: Math.min(1, cosine) };
}

/** A symmetric matrix times a matrix of as many rows, or times a vector. */
function multiply(left: Float64Array, right: Float64Array, rows: number): Float64Array {
  const columns = right.length / rows;
  const product = new Float64Array(right.length);
  for (let row = 0; row < rows; row += 1)
    for (let inner = 0; inner < rows; inner += 1) {
      const factor = valueAt(left, row * rows + inner);
      for (let column = 0; column < columns; column += 1) {
        const at = row * columns + column;
        product[at] = valueAt(product, at) + factor * valueAt(right, inner * columns + column);
      }
    }
  return product;
}

function traceOf(matrix: Float64Array, rows: number): number {
  let sum = 0;
  for (let row = 0; row < rows; row += 1) sum += valueAt(matrix, row * (rows + 1));
  return sum;
}

function largestOnDiagonal(matrix: Float64Array, rows: number): number {
  let largest = 0;
  for (let row = 1; row < rows; row += 1)
    if (valueAt(matrix, row * (rows + 1)) > valueAt(matrix, largest * (rows + 1))) largest = row;
  return largest;
}

function columnOf(matrix: Float64Array, rows: number, column: number): Float64Array {
  return Float64Array.from({ length: rows }, (_, row) => valueAt(matrix, row * rows + column));
}

function normalize(vector: Float64Array): Float64Array {
  const length = Math.sqrt(dot(vector, vector));
  return vector.map((value) => value / length);
}

function dot(x: Float64Array, y: Float64Array): number {
  return x.reduce((sum, value, at) => sum + value * valueAt(y, at), 0);
}

import { centreGrams } from "../grams/centre-grams.ts";
import type { GramMatrices } from "../grams/grams.ts";
import { valueAt } from "../reading.ts";

/** The Gram matrices of the levels about the mean of their object, and how much of them is rounding. */
export interface ObjectGrams {
  readonly objects: number;
  readonly levels: number;
  /** One centred `[objects × levels, objects × levels]` per set. */
  readonly grams: readonly Float64Array[];
  /** Per set, an inner product that is no larger may be rounding. */
  readonly roundings: Float64Array;
  /** Sets in which fewer than two objects vary with the level: there is nothing that one could share with another. */
  readonly degenerateSets: readonly number[];
}

/** Of the largest square that was given, what sums of thousands of products and their centring round. */
const ROUNDING = 2 ** -46;

/** Centres the rows of each object in every set; does nothing to Gram matrices that are centred already. */
export function centreObjects(given: GramMatrices, objects: number): ObjectGrams {
  const [sets, rows] = given.shape;
  const { data } = centreGrams(given, { objects });
  const levels = rows / objects;
  const grams = Array.from({ length: sets }, (_, set) =>
    data.subarray(set * rows * rows, (set + 1) * rows * rows),
  );
  const roundings = Float64Array.from({ length: sets }, (_, set) => {
    let largest = 0;
    for (let row = 0; row < rows; row += 1)
      largest = Math.max(largest, valueAt(given.data, set * rows * rows + row * (rows + 1)));
    return largest * ROUNDING;
  });
  const degenerateSets = [...grams.keys()].filter((set) => {
    const squares = squaresOfObjects(
      data.subarray(set * rows * rows, (set + 1) * rows * rows),
      objects,
      levels,
    );
    return squares.filter((sum) => sum > levels * valueAt(roundings, set)).length < 2;
  });
  return { objects, levels, grams, roundings, degenerateSets };
}

/** Per object, the sum of squares of its levels about their mean. */
export function squaresOfObjects(gram: Float64Array, objects: number, levels: number): Float64Array {
  const rows = objects * levels;
  const squares = new Float64Array(objects);
  for (let row = 0; row < rows; row += 1) {
    const object = Math.floor(row / levels);
    squares[object] = valueAt(squares, object) + valueAt(gram, row * (rows + 1));
  }
  return squares;
}

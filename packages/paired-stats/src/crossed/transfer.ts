import { tieValues, rank } from "../regression/ranks.ts";
import { valueAt } from "../reading.ts";
import type { Crossed } from "./crossed-design.ts";

/** How the direction found on the other objects orders the levels of each object. */
export interface Transfer {
  /**
   * The levels' scores on the direction of the other objects' slopes, about the object's mean, in the unit of
   * measurement: `[objects × levels]`.
   */
  readonly scores: Float64Array;
  /** Pearson's correlation of an object's scores with the grades, 0 if they do not vary: `[objects]`. */
  readonly r: Float64Array;
  /** Spearman's correlation of the same: `[objects]`. */
  readonly spearman: Float64Array;
  /** The share of pairs of levels whose scores are in the order of their grades, equal scores counting half: `[objects]`. */
  readonly orderedShare: Float64Array;
}

/** A set's inner products between the levels of different objects, and what they can be wrong by. */
export interface TransferProducts {
  /** `[objects × levels, objects × levels]`, centred within objects, 0 between levels of the same object. */
  readonly products: Float64Array;
  /** Scores that differ by no more are equal but for rounding. */
  readonly tolerance: number;
}

/** Takes the products within objects out of a centred Gram matrix: an object's own levels say nothing of its direction. */
export function betweenObjects(
  gram: Float64Array,
  rounding: number,
  { objects, levels }: Crossed,
): TransferProducts {
  const rows = objects * levels;
  const products = gram.map((value, at) =>
    Math.floor(at / rows / levels) === Math.floor((at % rows) / levels) ? 0 : value,
  );
  return { products, tolerance: objects * Math.sqrt(levels) * rounding };
}

/**
 * The scores of every level on the direction of the other objects: products × weights, all objects at once. The matrix is
 * symmetric, so its rows are added up, two at a time.
 */
export function scoreLevels(products: Float64Array, weights: Float64Array, scores: Float64Array): void {
  const rows = scores.length;
  scores.fill(0);
  for (let row = 0; row < rows; row += 2) {
    const [first, second] = [row * rows, row + 1 < rows ? (row + 1) * rows : row * rows];
    const weight = valueAt(weights, row);
    const next = row + 1 < rows ? valueAt(weights, row + 1) : 0;
    for (let column = 0; column < rows; column += 1)
      scores[column] =
        valueAt(scores, column) +
        weight * valueAt(products, first + column) +
        next * valueAt(products, second + column);
  }
}

/** Pearson's correlation of an object's scores, which have no mean, with its weights, which have length 1. */
export function correlationOfObject(
  scores: Float64Array,
  weights: Float64Array,
  object: number,
  levels: number,
  tolerance: number,
): number {
  let along = 0;
  let squares = 0;
  for (let row = object * levels; row < (object + 1) * levels; row += 1) {
    const score = valueAt(scores, row);
    along += score * valueAt(weights, row);
    squares += score * score;
  }
  if (!(squares > levels * tolerance * tolerance)) return 0;
  return Math.max(-1, Math.min(1, along / Math.sqrt(squares)));
}

/** The observed transfer of one set. */
export function describeTransfer(gram: Float64Array, rounding: number, crossed: Crossed): Transfer {
  const { objects, levels, direction } = crossed;
  const rows = objects * levels;
  const { products, tolerance } = betweenObjects(gram, rounding, crossed);
  const weights = Float64Array.from({ length: rows }, (_, row) => valueAt(direction, row % levels));
  const scores = new Float64Array(rows);
  scoreLevels(products, weights, scores);
  const perObject = (of: (object: number) => number): Float64Array =>
    Float64Array.from({ length: objects }, (_, object) => of(object));
  const tiedScores = (object: number): Float64Array =>
    tieValues(scores.subarray(object * levels, (object + 1) * levels), tolerance);
  const lengths = perObject((object) => directionLength(gram, weights, object, crossed, rounding));
  return {
    scores: scores.map((score, row) => {
      const length = valueAt(lengths, Math.floor(row / levels));
      return length > 0 ? score / length : 0;
    }),
    r: perObject((object) => correlationOfObject(scores, weights, object, levels, tolerance)),
    spearman: perObject((object) => rankCorrelation(tiedScores(object), direction)),
    orderedShare: perObject((object) => orderedShare(tiedScores(object), direction)),
  };
}

/** The length of the sum of the other objects' slopes; 0 if it may be rounding. */
function directionLength(
  gram: Float64Array,
  weights: Float64Array,
  object: number,
  { objects, levels }: Crossed,
  rounding: number,
): number {
  const rows = objects * levels;
  const others = weights.map((weight, row) => (Math.floor(row / levels) === object ? 0 : weight));
  const sums = new Float64Array(rows);
  scoreLevels(gram, others, sums);
  const square = sums.reduce((sum, value, row) => sum + value * valueAt(others, row), 0);
  return square > rows * rounding ? Math.sqrt(square) : 0;
}

function rankCorrelation(scores: Float64Array, grades: Float64Array): number {
  const centre = (scores.length + 1) / 2;
  const ofScores = rank(scores).map((value) => value - centre);
  const ofGrades = rank(grades).map((value) => value - centre);
  const dot = (x: Float64Array, y: Float64Array): number =>
    x.reduce((sum, value, at) => sum + value * valueAt(y, at), 0);
  const squares = dot(ofScores, ofScores);
  return squares > 0 ? dot(ofScores, ofGrades) / Math.sqrt(squares * dot(ofGrades, ofGrades)) : 0;
}

function orderedShare(scores: Float64Array, grades: Float64Array): number {
  let ordered = 0;
  let pairs = 0;
  for (let one = 0; one < scores.length; one += 1)
    for (let other = one + 1; other < scores.length; other += 1) {
      const rise = valueAt(scores, other) - valueAt(scores, one);
      const expected = valueAt(grades, other) - valueAt(grades, one);
      ordered += (1 + Math.sign(rise) * Math.sign(expected)) / 2;
      pairs += 1;
    }
  return ordered / pairs;
}

import type { SetScorer } from "../grams/null-over-sets.ts";
import { quantile } from "../quantile.ts";
import { integerAt, itemAt, valueAt } from "../reading.ts";
import type { Halving } from "../reliability/halves.ts";

/** Halvings of the pairs, prepared once for all sets and labellings. */
export interface HalvingPlan {
  /** Per halving, the pairs of its first half. */
  readonly firsts: readonly Uint32Array[];
  /** Per halving, the places `[pairs, pairs]` of the products between two different pairs of its first half. */
  readonly products: readonly Uint32Array[];
}

/** Lists what each halving adds up. */
export function planHalvings(halvings: readonly Halving[], pairs: number): HalvingPlan {
  const firsts = halvings.map(({ first }) => Uint32Array.from(first));
  return {
    firsts,
    products: firsts.map((first) =>
      Uint32Array.from(
        [...first].flatMap((pair, at) => [...first.subarray(at + 1)].map((other) => pair * pairs + other)),
      ),
    ),
  };
}

/** Of the sum of squares, what a squared length of sums that cancel can be by rounding. */
const ROUNDING = 2 ** -44;

/**
 * Scores one set: the mean cosine of each pair with the sum of the others, the share of the mean, and the median share
 * between halves, in this order. All follow from the signed products alone, since flips change signs of rows.
 *
 * @param gram - `[pairs, pairs]`, the inner products of the pairs' differences.
 */
export function scoreAxis(
  gram: Float64Array,
  pairs: number,
  halvings: HalvingPlan,
  isFlipped: (labelling: number, pair: number) => boolean,
): SetScorer {
  const squares = squaresOf(gram, pairs);
  const trace = squares.reduce((sum, square) => sum + square, 0);
  const floor = trace * ROUNDING;
  const signs = new Float64Array(pairs);
  const signed = new Float64Array(gram.length);
  const withAll = new Float64Array(pairs); // each pair's product with the sum of all
  const shares = new Float64Array(halvings.firsts.length);
  return (labelling, values) => {
    for (let pair = 0; pair < pairs; pair += 1)
      signs[pair] = labelling !== undefined && isFlipped(labelling, pair) ? -1 : 1;
    let square = 0; // of the length of the sum of all
    for (let pair = 0; pair < pairs; pair += 1) {
      let sum = 0;
      for (let other = 0; other < pairs; other += 1) {
        const at = pair * pairs + other;
        const product = valueAt(signs, pair) * valueAt(signs, other) * valueAt(gram, at);
        signed[at] = product;
        sum += product;
      }
      withAll[pair] = sum;
      square += sum;
    }
    let cosine = 0;
    for (let pair = 0; pair < pairs; pair += 1) {
      const own = valueAt(squares, pair);
      const ofOthers = square - 2 * valueAt(withAll, pair) + own;
      if (own > 0 && ofOthers > floor) cosine += (valueAt(withAll, pair) - own) / Math.sqrt(own * ofOthers);
    }
    values[0] = cosine / pairs;
    values[1] = Math.max(0, square) / (pairs * trace);
    for (let halving = 0; halving < shares.length; halving += 1) {
      const { within, across, size } = sumHalf(halvings, halving, squares, withAll, signed);
      shares[halving] = ((across - within) / (size * (pairs - size))) * (pairs / trace);
    }
    values[2] = quantile(shares.sort(), 0.5);
  };
}

/** Products of the sum of a halving's first half: with itself, and with the sum of all. */
function sumHalf(
  halvings: HalvingPlan,
  halving: number,
  squares: Float64Array,
  withAll: Float64Array,
  signed: Float64Array,
): { readonly within: number; readonly across: number; readonly size: number } {
  const first = itemAt(halvings.firsts, halving);
  let within = 0;
  let across = 0;
  for (const pair of first) {
    within += valueAt(squares, pair);
    across += valueAt(withAll, pair);
  }
  const products = itemAt(halvings.products, halving);
  let between = 0;
  for (let at = 0; at < products.length; at += 1) between += valueAt(signed, integerAt(products, at));
  return { within: within + 2 * between, across, size: first.length };
}

/** The median over halvings of the cosine between the sums of the two halves; 0 for a half that cancels. */
export function halvesCosine(gram: Float64Array, pairs: number, halvings: HalvingPlan): number {
  const squares = squaresOf(gram, pairs);
  const floor = squares.reduce((sum, square) => sum + square, 0) * ROUNDING;
  const withAll = squares.map((_, pair) => sumOf(gram.subarray(pair * pairs, (pair + 1) * pairs)));
  const square = sumOf(withAll);
  const cosines = Float64Array.from(halvings.firsts, (_, halving) => {
    const { within, across } = sumHalf(halvings, halving, squares, withAll, gram);
    const ofSecond = square - 2 * across + within;
    return within > floor && ofSecond > floor ? (across - within) / Math.sqrt(within * ofSecond) : 0;
  });
  return quantile(cosines.sort(), 0.5);
}

/** Each pair's difference projected on the direction of the sum of the others: `[pairs]`; 0 if these cancel. */
export function projectPairs(gram: Float64Array, pairs: number): Float64Array {
  const squares = squaresOf(gram, pairs);
  const floor = squares.reduce((sum, square) => sum + square, 0) * ROUNDING;
  const withAll = squares.map((_, pair) => sumOf(gram.subarray(pair * pairs, (pair + 1) * pairs)));
  const square = sumOf(withAll);
  return withAll.map((product, pair) => {
    const own = valueAt(squares, pair);
    const ofOthers = square - 2 * product + own;
    return ofOthers > floor ? (product - own) / Math.sqrt(ofOthers) : 0;
  });
}

function squaresOf(gram: Float64Array, pairs: number): Float64Array {
  return Float64Array.from({ length: pairs }, (_, pair) => valueAt(gram, pair * (pairs + 1)));
}

function sumOf(values: Float64Array): number {
  return values.reduce((sum, value) => sum + value, 0);
}

import { valueAt } from "../reading.ts";
import { effectDegreesOfFreedom, isIn } from "./crossed-mean-squares.ts";

/** The components of one unit, and what they make of the variance of its mean. */
export interface Estimate {
  /** One per set of factors, numbered as the mean squares; unbiased, so that it may lie below 0. Place 0 is not used. */
  readonly variances: Float64Array;
  /** The variance of the grand mean over new levels of every factor, components below 0 taken as 0. */
  readonly ofMean: number;
  /** Of `ofMean`, by Satterthwaite. */
  readonly degreesOfFreedom: number;
}

/**
 * Solves the mean squares of a full crossing of random factors for their components. With the expected mean square of an
 * effect S being the sum over its supersets T of σ²_T times the levels of the factors outside T,
 *
 *   σ²_S = Σ over T ⊇ S of (−1)^(|T| − |S|) MS_T, divided by the levels of the factors outside S.
 *
 * The variance of the mean, the sum of σ²_S over the number of cells of S, is then a weighted sum of mean squares, whose
 * degrees of freedom are (Σ c MS)² / Σ (c MS)² / df.
 *
 * @see Searle, Casella & McCulloch (1992), section 4.3; Satterthwaite (1946), Biometrics Bulletin 2, 110.
 */
export function estimateComponents(meanSquares: Float64Array, sizes: readonly number[]): Estimate {
  const cells = sizes.reduce((product, size) => product * size, 1);
  const variances = new Float64Array(meanSquares.length);
  const weights = new Float64Array(meanSquares.length); // of each mean square in the variance of the mean
  for (let effect = 1; effect < meanSquares.length; effect += 1) {
    const outside = sizes.reduce(
      (product, size, factor) => (isIn(factor, effect) ? product : product * size),
      1,
    );
    const supersets = [...meanSquares.keys()].filter((other) => (other & effect) === effect);
    const sum = supersets.reduce(
      (total, other) => total + signBetween(effect, other) * valueAt(meanSquares, other),
      0,
    );
    variances[effect] = sum / outside;
    if (sum <= 0) continue;
    for (const other of supersets)
      weights[other] = valueAt(weights, other) + signBetween(effect, other) / cells;
  }
  const parts = meanSquares.map((meanSquare, effect) => valueAt(weights, effect) * meanSquare);
  const ofMean = parts.reduce((sum, part) => sum + part, 0);
  const spread = parts.reduce(
    (sum, part, effect) => (effect === 0 ? sum : sum + part ** 2 / effectDegreesOfFreedom(effect, sizes)),
    0,
  );
  return { variances, ofMean, degreesOfFreedom: ofMean ** 2 / spread };
}

/** (−1) to the number of factors that one set has more than another within it. */
function signBetween(effect: number, superset: number): number {
  let sign = 1;
  for (let more = superset & ~effect; more !== 0; more &= more - 1) sign = -sign;
  return sign;
}

import { readRow, type Matrix } from "../matrix.ts";
import { integerAt, valueAt } from "../reading.ts";
import { resolutionReader } from "../resolution.ts";

/** Units scored together: eight registers of two float64 each. */
export const TILE_UNITS = 16;

/**
 * The differences of the units that take part, ready for scoring: `[tiles, pairs, 16]`, each unit scaled so that its
 * score s = |Σ ± x| lies in [0, 1] and |t| = s √((N − 1) / (1 − s²)) rises with it. Since a flip leaves Σd² alone, one
 * bound on s then serves every unit: |t| > τ ⇔ s > τ / √(N − 1 + τ²).
 */
export interface UnitTiles {
  /** `[tiles, pairs, 16]`, the last tile filled up with zeros, whose score is always 0. */
  readonly data: Float64Array;
  /** How many tiles. */
  readonly tiles: number;
  /** How many pairs. */
  readonly pairs: number;
  /** `[tiles, 16]`: scores of a unit that are no further apart tie (see {@link UnitScales}). */
  readonly margins: Float64Array;
}

/** How the differences of units become scores. */
export interface UnitScales {
  /** Per unit, `1 / √(N Σd²)`; 0 for a unit of zeros. */
  readonly scale: Float64Array;
  /**
   * Per unit, how far apart two scores that are equal can lie: by the resolution of the measurements, summed over the
   * pairs, and by the rounding of scaling and fixed point.
   */
  readonly margin: Float64Array;
}

/** Scales every unit of a checked matrix. */
export function scaleUnits(differences: Matrix): UnitScales {
  const [pairs, columns] = differences.shape;
  const row = new Float64Array(columns);
  const resolution = resolutionReader(differences);
  const squares = new Float64Array(columns);
  const unresolved = new Float64Array(columns);
  for (let pair = 0; pair < pairs; pair += 1) {
    readRow(differences, pair, row);
    for (let unit = 0; unit < columns; unit += 1) {
      squares[unit] = valueAt(squares, unit) + valueAt(row, unit) ** 2;
      unresolved[unit] = valueAt(unresolved, unit) + resolution(pair * columns + unit);
    }
  }
  const scale = squares.map((sum) => (sum > 0 ? 1 / Math.sqrt(sum * pairs) : 0));
  const rounding = roundingOfScores(pairs);
  return { scale, margin: unresolved.map((sum, unit) => sum * valueAt(scale, unit) + rounding) };
}

/** How far apart two equal scores can lie by the rounding of scaling and fixed point. */
export function roundingOfScores(pairs: number): number {
  return (pairs + 4) * FIXED_POINT;
}

/** Scaled differences are whole multiples of this: sums of them, up to 1 in size, are exact in any order. */
const FIXED_POINT = 2 ** -51;
/** Where the float64 lie that far apart. */
const FIXED_POINT_BASE = 3;

/** Scales one difference of a unit. */
export function scaleDifference(difference: number, scale: number): number {
  return difference * scale + FIXED_POINT_BASE - FIXED_POINT_BASE;
}

/** Scales the chosen units and lays them out in tiles. No chosen unit may be zero throughout. */
export function tileUnits(
  differences: Matrix,
  units: readonly number[],
  allocate: (length: number) => Float64Array = (length) => new Float64Array(length),
): UnitTiles {
  const [pairs, columns] = differences.shape;
  const tiles = Math.ceil(units.length / TILE_UNITS);
  const { scale, margin } = scaleUnits(differences);
  const chosen = Uint32Array.from(units);
  const margins = new Float64Array(tiles * TILE_UNITS);
  for (const [place, unit] of chosen.entries()) margins[place] = valueAt(margin, unit);
  const row = new Float64Array(columns);
  const data = allocate(tiles * pairs * TILE_UNITS);
  for (let pair = 0; pair < pairs; pair += 1) {
    readRow(differences, pair, row);
    for (let place = 0; place < chosen.length; place += 1) {
      const unit = integerAt(chosen, place);
      const lane = place % TILE_UNITS;
      data[(place - lane) * pairs + pair * TILE_UNITS + lane] = scaleDifference(
        valueAt(row, unit),
        valueAt(scale, unit),
      );
    }
  }
  return { data, tiles, pairs, margins };
}

/** The score of every place of the tiles under the observed labelling: sums are exact, so it is what the loops give. */
export function observedScores({ data, pairs, margins }: UnitTiles): Float64Array {
  const scores = new Float64Array(margins.length);
  for (let place = 0; place < scores.length; place += 1) {
    const unit = place % TILE_UNITS;
    const first = (place - unit) * pairs + unit;
    let sum = 0;
    for (let pair = 0; pair < pairs; pair += 1) sum += valueAt(data, first + pair * TILE_UNITS);
    scores[place] = Math.abs(sum);
  }
  return scores;
}

/**
 * Per unit, the least |t| that ties with the observed one in the resolution of the measurements: 0 where t is 0 but for
 * rounding. A unit is over a threshold when this is greater.
 */
export function leastTiedT(differences: Matrix): Float64Array {
  const [pairs, columns] = differences.shape;
  const { scale, margin } = scaleUnits(differences);
  const row = new Float64Array(columns);
  const sums = new Float64Array(columns);
  for (let pair = 0; pair < pairs; pair += 1) {
    readRow(differences, pair, row);
    for (let unit = 0; unit < columns; unit += 1)
      sums[unit] = valueAt(sums, unit) + scaleDifference(valueAt(row, unit), valueAt(scale, unit));
  }
  return sums.map((sum, unit) => tOfScore(Math.abs(sum) - valueAt(margin, unit), pairs));
}

/**
 * The scores above which |t| exceeds each threshold by more than a tie: the bound of the threshold and the margin of the
 * unit, `[tiles, thresholds, 16]`.
 */
export function limitsOf(
  { tiles, margins }: UnitTiles,
  bounds: Float64Array,
  allocate: (length: number) => Float64Array = (length) => new Float64Array(length),
): Float64Array {
  const limits = allocate(tiles * bounds.length * TILE_UNITS);
  for (const at of limits.keys()) {
    const row = Math.floor(at / TILE_UNITS);
    const place = Math.floor(row / bounds.length) * TILE_UNITS + (at % TILE_UNITS);
    limits[at] = valueAt(bounds, row % bounds.length) + valueAt(margins, place);
  }
  return limits;
}

/** The score that |t| = `t` corresponds to; 1, which no score is above, where its square leaves float64. */
export function scoreOfT(t: number, pairs: number): number {
  const squares = pairs - 1 + t * t;
  return squares < Infinity ? t / Math.sqrt(squares) : 1;
}

/** The |t| that a score corresponds to; 0 for a score that is rounding, Infinity from 1 on. */
export function tOfScore(score: number, pairs: number): number {
  if (score <= roundingOfScores(pairs)) return 0;
  return score >= 1 ? Infinity : score * Math.sqrt((pairs - 1) / ((1 - score) * (1 + score)));
}

import { readRow, type Matrix } from "../matrix.ts";
import { valueAt } from "../reading.ts";

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
}

/** Scales the chosen units by `1 / √(N Σd²)` and lays them out in tiles. No chosen unit may be zero throughout. */
export function tileUnits(
  differences: Matrix,
  units: readonly number[],
  allocate: (length: number) => Float64Array = (length) => new Float64Array(length),
): UnitTiles {
  const [pairs, columns] = differences.shape;
  const tiles = Math.ceil(units.length / TILE_UNITS);
  const row = new Float64Array(columns);
  const squares = new Float64Array(columns);
  for (let pair = 0; pair < pairs; pair += 1) {
    readRow(differences, pair, row);
    for (let unit = 0; unit < columns; unit += 1)
      squares[unit] = valueAt(squares, unit) + valueAt(row, unit) ** 2;
  }
  const data = allocate(tiles * pairs * TILE_UNITS);
  for (let pair = 0; pair < pairs; pair += 1) {
    readRow(differences, pair, row);
    for (const [place, unit] of units.entries()) {
      const tile = Math.floor(place / TILE_UNITS);
      const scale = 1 / Math.sqrt(valueAt(squares, unit) * pairs);
      data[(tile * pairs + pair) * TILE_UNITS + (place % TILE_UNITS)] = valueAt(row, unit) * scale;
    }
  }
  return { data, tiles, pairs };
}

/** The score that |t| = `t` corresponds to; 1, which no score is above, where its square leaves float64. */
export function scoreOfT(t: number, pairs: number): number {
  const squares = pairs - 1 + t * t;
  return squares < Infinity ? t / Math.sqrt(squares) : 1;
}

/** The |t| that a score corresponds to; Infinity from 1 on. */
export function tOfScore(score: number, pairs: number): number {
  return score >= 1 ? Infinity : score * Math.sqrt((pairs - 1) / ((1 - score) * (1 + score)));
}

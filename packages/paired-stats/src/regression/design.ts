import type { Matrix } from "../matrix.ts";
import { PairedStatsError } from "../paired-stats-error.ts";
import { valueAt } from "../reading.ts";

/**
 * A regression of the differences on two columns, one tested and one nuisance, as two orthogonal directions of length 1
 * in the space of pairs: every statistic is then a matter of two sums per unit.
 */
export interface Design {
  /** The tested column, freed from the nuisance: `[pairs]`. */
  readonly tested: Float64Array;
  /** The length that the tested column had when freed; its coefficient is the sum along `tested` divided by it. */
  readonly testedLength: number;
  /** The nuisance column: `[pairs]`. */
  readonly nuisance: Float64Array;
  /** The length that the nuisance column had. */
  readonly nuisanceLength: number;
}

/** A tested column of which less than this share remains beside the nuisance is the nuisance again. */
const COLLINEAR = 1e-10;

/**
 * Makes a design of two columns.
 *
 * @throws {@link PairedStatsError} `degenerate` with `message` if one is zero or a multiple of the other.
 */
export function makeDesign(tested: Float64Array, nuisance: Float64Array, message: string): Design {
  const nuisanceScale = nearOne(nuisance);
  const testedScale = nearOne(tested);
  const scaledNuisance = nuisance.map((value) => value * nuisanceScale);
  const scaledTested = tested.map((value) => value * testedScale);
  const nuisanceLength = lengthOf(scaledNuisance);
  const direction = scaledNuisance.map((value) => value / nuisanceLength);
  const along = dot(scaledTested, direction);
  const freed = scaledTested.map((value, pair) => value - along * valueAt(direction, pair));
  const testedLength = lengthOf(freed);
  if (!(testedLength > COLLINEAR * lengthOf(scaledTested)))
    throw new PairedStatsError("degenerate", message, {});
  return {
    tested: freed.map((value) => value / testedLength),
    testedLength: testedLength / testedScale,
    nuisance: direction,
    nuisanceLength: nuisanceLength / nuisanceScale,
  };
}

/** A power of two, which rounds nothing, that brings the largest value near 1, so that squares stay in float64. */
function nearOne(values: Float64Array): number {
  const largest = values.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
  return largest > 0 ? 2 ** Math.min(1023, -Math.ceil(Math.log2(largest))) : 1;
}

/**
 * Reads one value per pair.
 *
 * @throws {@link PairedStatsError} `shape-mismatch` for another number of values, `non-finite` naming the first bad one,
 *   `too-few-pairs` below the three pairs that two columns need.
 */
export function readPerPair(values: ArrayLike<number>, pairs: number, name: string): Float64Array {
  if (values.length !== pairs)
    throw new PairedStatsError(
      "shape-mismatch",
      `${name}: expected ${pairs} values, one per pair, got ${values.length}`,
      {
        pairs,
        length: values.length,
      },
    );
  const read = Float64Array.from(values);
  const row = read.findIndex((value) => !Number.isFinite(value));
  if (row >= 0)
    throw new PairedStatsError(
      "non-finite",
      `${name}: expected finite numbers, got ${String(read[row])} at pair ${row}`,
      {
        row,
      },
    );
  if (pairs < 3)
    throw new PairedStatsError("too-few-pairs", `${name}: expected three pairs or more, got ${pairs}`, {
      pairs,
    });
  return read;
}

/** The differences freed from the nuisance, unit by unit: `[pairs, units]`. */
export function residuals({ data, shape: [pairs, units] }: Matrix, nuisance: Float64Array): Float64Array {
  const along = sumsAlong(data, units, nuisance, () => false);
  return Float64Array.from({ length: pairs * units }, (_, at) => {
    const value = data[at] ?? NaN;
    return value - valueAt(nuisance, Math.floor(at / units)) * valueAt(along, at % units);
  });
}

/** Per unit, the sum over pairs of direction × value, some pairs flipped. */
export function sumsAlong(
  data: Float32Array | Float64Array,
  units: number,
  direction: Float64Array,
  flips: (pair: number) => boolean,
): Float64Array {
  const sums = new Float64Array(units);
  for (const [pair, weight] of direction.entries()) {
    const signed = flips(pair) ? -weight : weight;
    let unit = 0;
    for (const value of data.subarray(pair * units, (pair + 1) * units)) {
      sums[unit] = valueAt(sums, unit) + signed * value;
      unit += 1;
    }
  }
  return sums;
}

/**
 * Per unit, the sum of squares that neither column of a design explains. Taken from what is left of every value: the
 * difference of two sums of squares would be rounding where the design explains nearly all.
 */
export function unexplainedSquares(
  data: Float32Array | Float64Array,
  units: number,
  { tested, nuisance }: Design,
): Float64Array {
  let left = data;
  // the second time takes along what the rounding of the first left in the two directions
  for (let time = 0; time < 2; time += 1) {
    const alongTested = sumsAlong(left, units, tested, () => false);
    const alongNuisance = sumsAlong(left, units, nuisance, () => false);
    left = Float64Array.from(left, (value, at) => {
      const pair = Math.floor(at / units);
      const unit = at % units;
      return (
        value -
        valueAt(tested, pair) * valueAt(alongTested, unit) -
        valueAt(nuisance, pair) * valueAt(alongNuisance, unit)
      );
    });
  }
  return squaresOf(left, units);
}

/** The differences of every unit from its first one: what a common offset cannot round. `[pairs, units]`. */
export function fromFirst({ data, shape: [, units] }: Matrix): Float64Array {
  return Float64Array.from(data, (value, at) => value - (data[at % units] ?? NaN));
}

/** Per unit, the sum of squares. */
export function squaresOf(data: Float32Array | Float64Array, units: number): Float64Array {
  const squares = new Float64Array(units);
  for (const [at, value] of data.entries())
    squares[at % units] = valueAt(squares, at % units) + value * value;
  return squares;
}

/** How far apart two equal correlations can lie by rounding, and by the resolution of the measurements. */
export function tieMargins(
  unresolved: Float64Array,
  squares: Float64Array,
  units: readonly number[],
): Float64Array {
  return Float64Array.from(
    units,
    (unit) => 2 * Math.sqrt(valueAt(unresolved, unit) / valueAt(squares, unit)) + ROUNDING,
  );
}

/** More than sums of a few thousand products of correlations round. */
const ROUNDING = 1e-12;

function dot(x: Float64Array, y: Float64Array): number {
  return x.reduce((sum, value, place) => sum + value * valueAt(y, place), 0);
}

function lengthOf(values: Float64Array): number {
  return Math.sqrt(dot(values, values));
}

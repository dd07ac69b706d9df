import { studentCriticalValue, studentTwoSidedP } from "./distributions/student-t.ts";
import { leastTiedT } from "./flips/unit-tiles.ts";
import { checkDifferences, readRow, type Matrix } from "./matrix.ts";
import { checkFraction, checkOptions } from "./options.ts";
import { PairedStatsError } from "./paired-stats-error.ts";
import { valueAt } from "./reading.ts";
import { commonRange, resolutionReader } from "./resolution.ts";

/** How {@link pairedT} computes. */
export interface PairedTOptions {
  /** Coverage of the confidence interval, inside (0, 1). */
  readonly confidence?: number;
}

/** The paired t test of every unit; each array holds one value per unit. */
export interface PairedT {
  /** Mean difference, in the unit of measurement. */
  readonly mean: Float64Array;
  /** Standard deviation of the differences (divisor N − 1), in the unit of measurement; 0 for degenerate units. */
  readonly standardDeviation: Float64Array;
  /** `mean / (standardDeviation / √N)`; 0 or ±Infinity for degenerate units, never NaN. */
  readonly t: Float64Array;
  /**
   * The least |t| that ties with the unit's own: |t| less what the resolution of the measurements leaves open, 0 where t is
   * 0 but for rounding. A unit is over a threshold when this is greater, and reached by a |t| that is as great.
   */
  readonly leastTiedT: Float64Array;
  /** Two-sided p-value of `t`. */
  readonly p: Float64Array;
  /** Cohen's d_z: `mean / standardDeviation`, so `t / √N`. */
  readonly cohensDz: Float64Array;
  /** The interval of the mean difference, in the unit of measurement. */
  readonly confidenceInterval: ConfidenceInterval;
  /** N − 1. */
  readonly degreesOfFreedom: number;
  /** Units whose differences are all equal, within the resolution of the measurements; ascending. */
  readonly degenerateUnits: readonly number[];
}

/** Lower and upper bound, one of each per unit. */
export interface ConfidenceInterval {
  /** The coverage, such as 0.95. */
  readonly confidence: number;
  /** Lower bounds. */
  readonly lower: Float64Array;
  /** Upper bounds. */
  readonly upper: Float64Array;
}

/** Mean and standard deviation of each column. */
export interface Moments {
  /** One mean per unit. */
  readonly mean: Float64Array;
  /** One standard deviation per unit (divisor N − 1); exactly 0 where values are equal within their resolution. */
  readonly standardDeviation: Float64Array;
  /** The mean over the standard deviation; where that is 0, 0 if the mean can be 0 within its resolution, else ±Infinity. */
  readonly cohensDz: Float64Array;
}

/**
 * The paired t test of every unit.
 *
 * Sums are float64 and two-pass, taken from each unit's first difference, so a large common offset costs no digits and
 * a constant unit has a standard deviation of exactly 0. Differences that rounding alone can have parted count as equal:
 * `b = Math.fround(a + 0.001)` is a constant difference, not a t of 10^5.
 *
 * @param differences - `[pairs, units]`, two pairs or more (see {@link pairedDifference}).
 * @returns one value per unit.
 * @throws {@link PairedStatsError} `too-few-pairs`, `shape-mismatch`, `non-finite` (naming row and column), `out-of-range` where the
 *   squares of a unit leave float64, `invalid-argument` for a confidence outside (0, 1).
 * @see Student (1908), Biometrika 6, 1; Cohen (1988), Statistical Power Analysis, section 2.3 (d_z).
 * @example
 * const { t, p } = pairedT({ data: Float64Array.of(1, 2, 4), shape: [3, 1] });
 * // t[0] = 2.6457513110645907, p[0] = 0.11808289631180309
 */
export function pairedT(differences: Matrix, options: PairedTOptions = {}): PairedT {
  checkOptions(options, ["confidence"]);
  const { confidence = 0.95 } = options;
  checkFraction(confidence, "confidence");
  const { mean, standardDeviation, cohensDz, t, degenerateUnits } = unitT(differences);
  const [pairs] = differences.shape;
  const degreesOfFreedom = pairs - 1;
  const margin = studentCriticalValue(1 - confidence, degreesOfFreedom) / Math.sqrt(pairs);
  return {
    mean,
    standardDeviation,
    t,
    leastTiedT: leastTiedT(differences),
    p: t.map((value) => studentTwoSidedP(value, degreesOfFreedom)),
    cohensDz,
    confidenceInterval: {
      confidence,
      lower: mean.map((value, unit) => value - margin * valueAt(standardDeviation, unit)),
      upper: mean.map((value, unit) => value + margin * valueAt(standardDeviation, unit)),
    },
    degreesOfFreedom,
    degenerateUnits,
  };
}

/** The part of {@link PairedT} that needs no distribution. */
export interface UnitT extends Moments {
  /** As {@link PairedT.t}. */
  readonly t: Float64Array;
  /** As {@link PairedT.degenerateUnits}. */
  readonly degenerateUnits: readonly number[];
  /** The other units, ascending. */
  readonly testedUnits: readonly number[];
}

/** Mean, standard deviation and t of every unit; throws as {@link pairedT}. */
export function unitT(differences: Matrix): UnitT {
  checkDifferences(differences);
  const [pairs, columns] = differences.shape;
  const moments = columnMoments(differences);
  const { mean, standardDeviation, cohensDz } = moments;
  const units = Array.from({ length: columns }, (_, unit) => unit);
  return {
    ...moments,
    t: mean.map((value, unit) => {
      const deviation = valueAt(standardDeviation, unit);
      return deviation > 0 ? value / (deviation / Math.sqrt(pairs)) : valueAt(cohensDz, unit);
    }),
    degenerateUnits: units.filter((unit) => standardDeviation[unit] === 0),
    testedUnits: units.filter((unit) => standardDeviation[unit] !== 0),
  };
}

/** Beyond these sizes the squares of differences leave the range where float64 keeps all its digits. */
const LARGEST_DIFFERENCE = 1e150;
const SMALLEST_DEVIATION = 1e-140;

/**
 * Mean and standard deviation of every column of a checked matrix of two rows or more.
 *
 * @throws {@link PairedStatsError} `out-of-range` for values too large, or deviations too small, to be squared.
 */
function columnMoments(matrix: Matrix): Moments {
  const [pairs, units] = matrix.shape;
  const first = new Float64Array(units);
  readRow(matrix, 0, first);
  const row = new Float64Array(units);
  const mean = new Float64Array(units);
  for (let pair = 1; pair < pairs; pair += 1) {
    readRow(matrix, pair, row);
    for (let unit = 0; unit < units; unit += 1)
      mean[unit] = valueAt(mean, unit) + (valueAt(row, unit) - valueAt(first, unit)) / pairs;
  }
  for (let unit = 0; unit < units; unit += 1) mean[unit] = valueAt(mean, unit) + valueAt(first, unit);

  const squares = new Float64Array(units);
  const rest = new Float64Array(units); // Σ(d − mean): what the rounding of the mean left over
  const largest = new Float64Array(units); // max |d − mean|
  for (let pair = 0; pair < pairs; pair += 1) {
    readRow(matrix, pair, row);
    for (let unit = 0; unit < units; unit += 1) {
      const deviation = valueAt(row, unit) - valueAt(mean, unit);
      squares[unit] = valueAt(squares, unit) + deviation * deviation;
      rest[unit] = valueAt(rest, unit) + deviation;
      largest[unit] = Math.max(valueAt(largest, unit), Math.abs(deviation));
    }
  }
  const resolution = resolutionReader(matrix);
  const common = Array.from(largest, (_, unit) =>
    commonRange(
      pairs,
      (pair) => matrix.data[pair * units + unit] ?? NaN,
      (pair) => resolution(pair * units + unit),
    ),
  );
  for (const [unit, deviation] of largest.entries())
    if (
      Math.abs(valueAt(mean, unit)) + deviation > LARGEST_DIFFERENCE ||
      (deviation < SMALLEST_DEVIATION && common[unit] === undefined)
    )
      throw new PairedStatsError(
        "out-of-range",
        `unit ${unit}: expected differences of at most ${LARGEST_DIFFERENCE} that are equal or vary by at least ` +
          `${SMALLEST_DEVIATION}, got deviations of ${deviation}; rescale the measurements`,
        { column: unit, deviation },
      );
  const standardDeviation = squares.map((sum, unit) => {
    if (common[unit] !== undefined) return 0;
    const left = valueAt(rest, unit);
    return Math.sqrt(Math.max(0, sum - (left * left) / pairs) / (pairs - 1));
  });
  const cohensDz = mean.map((value, unit) => {
    const range = common[unit];
    if (range === undefined) return value / valueAt(standardDeviation, unit);
    return range.lowest <= 0 && range.highest >= 0 ? 0 : value / 0; // a unit that never differs shows no effect
  });
  return { mean, standardDeviation, cohensDz };
}

/** Checks differences as {@link pairedT} does: valid, and of sizes whose squares stay in float64. */
export function checkSquarable(differences: Matrix): void {
  checkDifferences(differences);
  columnMoments(differences);
}

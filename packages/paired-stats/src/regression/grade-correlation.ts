import { studentTwoSidedP } from "../distributions/student-t.ts";
import type { Matrix } from "../matrix.ts";
import { checkChoice, checkOptions } from "../options.ts";
import { unitT } from "../paired-t.ts";
import { itemAt, valueAt } from "../reading.ts";
import { resolutionOf } from "../resolution.ts";
import { makeDesign, readPerPair, residuals, squaresOf, sumsAlong, tieMargins } from "./design.ts";
import {
  NULL_OPTIONS,
  nullOverUnits,
  type NullOverUnits,
  type NullOverUnitsOptions,
  type StatisticUnderFlips,
} from "./null-over-units.ts";
import { orderFromSizes, rank, rankInOrder, tieSizes, tieValues } from "./ranks.ts";

/** How a difference is compared with a grade: by its size (`pearson`) or by its rank among the pairs (`spearman`). */
export type CorrelationMethod = "pearson" | "spearman";

/** Options of {@link gradeCorrelation}. */
export interface GradeCorrelationOptions {
  /** How differences and grades are compared. */
  readonly method?: CorrelationMethod;
}

/** Options of {@link gradeCorrelationNull}. */
export interface GradeCorrelationNullOptions extends NullOverUnitsOptions, GradeCorrelationOptions {}

/** How each unit's difference follows the grade of its pair; each array holds one value per unit. */
export interface GradeCorrelation {
  /** The method used. */
  readonly method: CorrelationMethod;
  /** Correlation from −1 to 1; 0 for degenerate units. */
  readonly r: Float64Array;
  /** Two-sided p-value of r by Student's distribution, exact for normal differences only; 1 for degenerate units. */
  readonly p: Float64Array;
  /** N − 2. */
  readonly degreesOfFreedom: number;
  /** Units whose differences are all equal, within the resolution of the measurements. */
  readonly degenerateUnits: readonly number[];
}

/** A sum of squares about the mean that is a smaller part of the unit's squares than this is rounding. */
const NO_VARIANCE = 1e-20;
/** The relative rounding of a float64. */
const ROUNDING = 2 ** -52;

/**
 * The correlation of every unit's difference with the grade of its pair.
 *
 * @param differences - `[pairs, units]`, three pairs or more.
 * @param grades - one number per pair; for `spearman` only their order counts.
 * @throws {@link PairedStatsError} as {@link pairedT} for invalid differences; `shape-mismatch`, `non-finite` for the grades;
 *   `degenerate` if all grades are equal.
 * @see scipy.stats.pearsonr and spearmanr, whose values these are.
 * @example
 * const { r } = gradeCorrelation(differences, [1, 2, 2, 3, 5], { method: "spearman" });
 */
export function gradeCorrelation(
  differences: Matrix,
  grades: ArrayLike<number>,
  options: GradeCorrelationOptions = {},
): GradeCorrelation {
  checkOptions(options, ["method"]);
  const { method = "spearman" } = options;
  const { statistic, testedUnits } = prepare(differences, grades, method);
  const [pairs, units] = differences.shape;
  const values = new Float64Array(testedUnits.length);
  statistic(() => false, values);
  const r = new Float64Array(units);
  for (const [place, unit] of testedUnits.entries()) r[unit] = valueAt(values, place);
  const degreesOfFreedom = pairs - 2;
  const tested = new Set(testedUnits);
  return {
    method,
    r,
    p: r.map((value) =>
      studentTwoSidedP(
        Math.abs(value) >= 1 ? Infinity : value * Math.sqrt(degreesOfFreedom / ((1 - value) * (1 + value))),
        degreesOfFreedom,
      ),
    ),
    degreesOfFreedom,
    degenerateUnits: Array.from({ length: units }, (_, unit) => unit).filter((unit) => !tested.has(unit)),
  };
}

/**
 * The sign-flip null of {@link gradeCorrelation}: differences are freed from their mean, which is not what is tested,
 * flipped pair by pair (Freedman–Lane with the mean as nuisance), and correlated anew.
 *
 * @param differences - `[pairs, units]`, three pairs or more.
 * @param grades - one number per pair.
 * @param options - labellings as for {@link signFlipNull}; `thresholds` of |r|, [0.5] by default.
 * @throws {@link PairedStatsError} as {@link gradeCorrelation} and {@link signFlipNull}. An aborted signal rejects with
 *   its reason.
 * @see Winkler et al. (2014), NeuroImage 92, 381.
 */
export async function gradeCorrelationNull(
  differences: Matrix,
  grades: ArrayLike<number>,
  options: GradeCorrelationNullOptions = {},
): Promise<NullOverUnits> {
  checkOptions(options, [...NULL_OPTIONS, "method"]);
  const { method = "spearman", thresholds = [0.5], ...labellings } = options;
  const { statistic, testedUnits, margins } = prepare(differences, grades, method);
  return nullOverUnits(
    differences.shape,
    testedUnits,
    (flips, values) => {
      statistic(flips, values);
      for (const [place, value] of values.entries()) values[place] = Math.abs(value);
    },
    { margins, move: (r, by) => r + by },
    thresholds,
    labellings,
  );
}

interface Prepared {
  readonly testedUnits: readonly number[];
  /** r of each tested unit under one labelling of the centred differences. */
  readonly statistic: StatisticUnderFlips;
  /** Per tested unit, how far apart two equal r can lie. */
  readonly margins: Float64Array;
}

function prepare(differences: Matrix, grades: ArrayLike<number>, method: CorrelationMethod): Prepared {
  checkChoice(method, "method", ["pearson", "spearman"]);
  const { testedUnits: varying } = unitT(differences);
  const [pairs, units] = differences.shape;
  const read = readPerPair(grades, pairs, "grades");
  const { tested, nuisance } = makeDesign(
    method === "spearman" ? rank(read) : read,
    new Float64Array(pairs).fill(1),
    "grades: expected grades that differ between pairs, got equal ones",
  );
  const centred = residuals(differences, nuisance);
  const squares = squaresOf(centred, units);
  const raw = Float64Array.from(differences.data);
  const all = squaresOf(raw, units);
  const testedUnits = varying.filter((unit) => valueAt(squares, unit) > valueAt(all, unit) * NO_VARIANCE);
  const resolution = resolutionOf(differences);
  const margins = tieMargins(
    // ranks are exact: what ties is settled before
    method === "spearman" ? new Float64Array(units) : squaresOf(resolution, units),
    squares,
    testedUnits,
  );
  if (method === "pearson")
    return {
      testedUnits,
      margins,
      statistic(flips, values) {
        const along = sumsAlong(centred, units, tested, flips);
        const means = sumsAlong(centred, units, nuisance, flips);
        for (const [place, unit] of testedUnits.entries()) {
          const left = valueAt(squares, unit) - valueAt(means, unit) ** 2;
          values[place] = correlation(valueAt(along, unit), left);
        }
      },
    };
  const columnsOf = (data: Float64Array): Float64Array[] =>
    testedUnits.map((unit) =>
      Float64Array.from({ length: pairs }, (_, pair) => valueAt(data, pair * units + unit)),
    );
  return {
    testedUnits,
    margins,
    statistic: spearmanUnderFlips(
      columnsOf(raw),
      columnsOf(centred),
      columnsOf(resolution).map(largest),
      tested,
    ),
  };
}

/**
 * Spearman's r: the pairs of a unit are sorted by size once, and a flip only moves them to the other side.
 *
 * The mean moves no rank, so where no pair or every pair is flipped the differences themselves are ranked: centring
 * would round small ones away. Under other flips sizes that are equal but for that rounding are ties. What is equal within
 * the resolution of the measurements is a tie throughout.
 */
function spearmanUnderFlips(
  raw: readonly Float64Array[],
  centred: readonly Float64Array[],
  resolutions: readonly number[],
  grades: Float64Array,
): StatisticUnderFlips {
  const pairs = grades.length;
  const columns = centred.map((column, place) =>
    tieSizes(column, pairs * ROUNDING * largest(itemAt(raw, place)) + itemAt(resolutions, place)),
  );
  const bySize = columns.map((column) =>
    Uint32Array.from(column.keys()).sort(
      (left, right) => Math.abs(valueAt(column, left)) - Math.abs(valueAt(column, right)),
    ),
  );
  const rawRanks = raw.map((column, place) => rank(tieValues(column, itemAt(resolutions, place))));
  const signed = new Float64Array(pairs);
  const order = new Uint32Array(pairs);
  const flippedRanks = new Float64Array(pairs);
  return (flips, values) => {
    const signs = grades.map((_, pair) => (flips(pair) ? -1 : 1));
    const first = valueAt(signs, 0);
    const isAlike = signs.every((sign) => sign === first);
    for (const [place, column] of columns.entries()) {
      if (!isAlike) {
        for (let pair = 0; pair < pairs; pair += 1)
          signed[pair] = valueAt(column, pair) * valueAt(signs, pair);
        orderFromSizes(signed, itemAt(bySize, place), order);
        rankInOrder(signed, order, flippedRanks);
      }
      const ranks = isAlike ? itemAt(rawRanks, place) : flippedRanks;
      let along = 0;
      let left = 0;
      for (let pair = 0; pair < pairs; pair += 1) {
        const fromMean = valueAt(ranks, pair) - (pairs + 1) / 2;
        along += fromMean * valueAt(grades, pair);
        left += fromMean * fromMean;
      }
      values[place] = correlation(isAlike ? first * along : along, left);
    }
  };
}

function largest(values: Float64Array): number {
  return values.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
}

function correlation(along: number, squares: number): number {
  if (!(squares > 0)) return 0;
  return Math.max(-1, Math.min(1, along / Math.sqrt(squares)));
}

import { studentTwoSidedP } from "../distributions/student-t.ts";
import type { Matrix } from "../matrix.ts";
import { checkOptions } from "../options.ts";
import { unitT } from "../paired-t.ts";
import { valueAt } from "../reading.ts";
import { resolutionOf } from "../resolution.ts";
import {
  fromFirst,
  makeDesign,
  readPerPair,
  residuals,
  squaresOf,
  sumsAlong,
  tieMargins,
  unexplainedSquares,
  type Design,
} from "./design.ts";
import {
  NULL_OPTIONS,
  nullOverUnits,
  type NullOverUnits,
  type NullOverUnitsOptions,
} from "./null-over-units.ts";

/** The paired t test at a covariate of 0; each array holds one value per unit. */
export interface CovariateT {
  /** Mean difference at a covariate of 0, in the unit of measurement. */
  readonly intercept: Float64Array;
  /** Change of the difference per unit of the covariate. */
  readonly slope: Float64Array;
  /** Standard error of `intercept`. */
  readonly standardError: Float64Array;
  /** `intercept / standardError`; 0 for degenerate units. */
  readonly t: Float64Array;
  /** Two-sided p-value of `t`; 1 for degenerate units. */
  readonly p: Float64Array;
  /** N − 2. */
  readonly degreesOfFreedom: number;
  /**
   * Units that covariate and mean explain up to 1e-10 of their size or up to their resolution (constant ones among them):
   * they have no standard error.
   */
  readonly degenerateUnits: readonly number[];
}

/** A sum of squares that is a smaller part of the unit's squares than this is rounding. */
const NO_VARIANCE = 1e-20;
/** Where less than this part of a unit's squares is left, their differences lose digits, and values are taken instead. */
const LITTLE_LEFT = 1e-4;

/**
 * The paired t test with one covariate per pair regressed out: the test of the mean difference where the covariate is 0
 * (for a difference of token counts: between sides of equal length). Subtract the covariate's mean beforehand to test
 * the mean difference at the average covariate instead.
 *
 * @param differences - `[pairs, units]`, three pairs or more.
 * @param covariate - one value per pair, in any unit.
 * @throws {@link PairedStatsError} as {@link pairedT} for invalid differences; `shape-mismatch`, `non-finite` for the covariate;
 *   `degenerate` if it is constant, so that nothing tells it from the mean.
 * @see any text on ordinary least squares; statsmodels `OLS(d, [1, z])` gives the same intercept.
 * @example
 * const { t } = covariateT(differences, [0, 1, -1, 0, 2]); // token count of b minus that of a, per pair
 */
export function covariateT(differences: Matrix, covariate: ArrayLike<number>): CovariateT {
  const { design, rest, unexplained, testedUnits } = prepare(differences, covariate);
  const [pairs, units] = differences.shape;
  const degreesOfFreedom = pairs - 2;
  const along = sumsAlong(rest, units, design.tested, () => false);
  const alongCovariate = sumsAlong(differences.data, units, design.nuisance, () => false);
  const onesAlongCovariate = design.nuisance.reduce((sum, value) => sum + value, 0);
  const intercept = along.map((sum) => sum / design.testedLength);
  const tested = new Set(testedUnits);
  const standardError = unexplained.map((left, unit) =>
    tested.has(unit) ? Math.sqrt(left / degreesOfFreedom) / design.testedLength : 0,
  );
  const t = intercept.map((value, unit) => (tested.has(unit) ? value / valueAt(standardError, unit) : 0));
  return {
    intercept,
    slope: alongCovariate.map(
      (sum, unit) => (sum - valueAt(intercept, unit) * onesAlongCovariate) / design.nuisanceLength,
    ),
    standardError,
    t,
    p: t.map((value) => studentTwoSidedP(value, degreesOfFreedom)),
    degreesOfFreedom,
    degenerateUnits: Array.from({ length: units }, (_, unit) => unit).filter((unit) => !tested.has(unit)),
  };
}

/**
 * The Freedman–Lane sign-flip null of {@link covariateT}: what the covariate explains stays, the residuals of the model
 * without the mean difference are flipped pair by pair, and the t of the intercept is taken anew.
 *
 * @param differences - `[pairs, units]`, three pairs or more.
 * @param covariate - one value per pair.
 * @param options - labellings as for {@link signFlipNull}; `thresholds` of |t|.
 * @throws {@link PairedStatsError} as {@link covariateT} and {@link signFlipNull}. An aborted signal rejects with its
 *   reason.
 * @see Freedman & Lane (1983), J. Bus. Econ. Stat. 1, 292; Winkler et al. (2014), NeuroImage 92, 381.
 */
export async function covariateSignFlipNull(
  differences: Matrix,
  covariate: ArrayLike<number>,
  options: NullOverUnitsOptions = {},
): Promise<NullOverUnits> {
  checkOptions(options, NULL_OPTIONS);
  const { thresholds = [3, 5], ...labellings } = options;
  const { design, rest, unresolved, testedUnits } = prepare(differences, covariate);
  const [pairs, units] = differences.shape;
  const squares = squaresOf(rest, units);
  return nullOverUnits(
    differences.shape,
    testedUnits,
    (flips, values) => {
      const along = sumsAlong(rest, units, design.tested, flips);
      const alongNuisance = sumsAlong(rest, units, design.nuisance, flips);
      for (const [place, unit] of testedUnits.entries()) {
        const sum = valueAt(along, unit);
        const all = valueAt(squares, unit);
        let left = all - valueAt(alongNuisance, unit) ** 2 - sum * sum;
        const none = valueAt(unresolved, unit);
        if (left < Math.max(all * LITTLE_LEFT, none))
          left = leftUnderFlips(rest, units, unit, design, flips, none);
        const isOnlyCovariate = left === 0 && sum * sum <= Math.max(all * NO_VARIANCE, none); // 0 / 0
        values[place] = isOnlyCovariate ? 0 : (Math.abs(sum) * Math.sqrt(pairs - 2)) / Math.sqrt(left);
      }
    },
    {
      margins: tieMargins(unresolved, squares, testedUnits),
      move: (t, by) => {
        const r = t / Math.sqrt(pairs - 2 + t * t) + by; // the partial correlation
        return r <= 0 ? 0 : r >= 1 ? Infinity : r * Math.sqrt((pairs - 2) / ((1 - r) * (1 + r)));
      },
    },
    thresholds,
    labellings,
  );
}

interface Prepared {
  readonly design: Design;
  /** The differences freed from the covariate: `[pairs, units]`. */
  readonly rest: Float64Array;
  /** Per unit, the squares beside covariate and mean. */
  readonly unexplained: Float64Array;
  /** Per unit, the squares of the resolution: less is rounding. */
  readonly unresolved: Float64Array;
  /** The units that vary beside covariate and mean. */
  readonly testedUnits: readonly number[];
}

function prepare(differences: Matrix, covariate: ArrayLike<number>): Prepared {
  const { testedUnits: varying } = unitT(differences);
  const [pairs, units] = differences.shape;
  const values = readPerPair(covariate, pairs, "covariate");
  const design = makeDesign(
    new Float64Array(pairs).fill(1),
    values,
    "covariate: expected values that differ between pairs, got a constant; leave it out and use pairedT",
  );
  const all = squaresOf(differences.data, units);
  const unresolved = squaresOf(resolutionOf(differences), units).map((sum) => sum / 4);
  const unexplained = unexplainedSquares(fromFirst(differences), units, design);
  return {
    design,
    rest: residuals(differences, design.nuisance),
    unexplained,
    unresolved,
    testedUnits: varying.filter(
      (unit) =>
        valueAt(unexplained, unit) > Math.max(valueAt(all, unit) * NO_VARIANCE, valueAt(unresolved, unit)),
    ),
  };
}

/** The squares beside covariate and mean of one unit under one labelling; 0 where they are rounding. */
function leftUnderFlips(
  rest: Float64Array,
  units: number,
  unit: number,
  design: Design,
  flips: (pair: number) => boolean,
  unresolved: number,
): number {
  const column = design.tested.map((_, pair) => {
    const value = valueAt(rest, pair * units + unit);
    return flips(pair) ? -value : value;
  });
  const [left = NaN] = unexplainedSquares(column, 1, design);
  const [all = NaN] = squaresOf(column, 1);
  return left > Math.max(all * NO_VARIANCE, unresolved) ? left : 0;
}

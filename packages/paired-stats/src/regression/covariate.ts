import { studentTwoSidedP } from "../distributions/student-t.ts";
import { checkDifferences, type Matrix } from "../matrix.ts";
import { valueAt } from "../reading.ts";
import { makeDesign, readPerPair, residuals, squaresOf, sumsAlong, type Design } from "./design.ts";
import { nullOverUnits, type NullOverUnits, type NullOverUnitsOptions } from "./null-over-units.ts";

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
  /** Units that the covariate explains entirely (a constant 0 among them): they have no standard error. */
  readonly degenerateUnits: readonly number[];
}

/** A residual sum of squares that is a smaller part of the unit's squares than this is rounding. */
const NO_VARIANCE = 1e-20;

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
  const { design, values, rest, squares } = prepare(differences, covariate);
  const [pairs, units] = differences.shape;
  const degreesOfFreedom = pairs - 2;
  const along = sumsAlong(rest, units, design.tested, () => false);
  const alongCovariate = sumsAlong(differences.data, units, design.nuisance, () => false);
  const onesAlongCovariate = design.nuisance.reduce((sum, value) => sum + value, 0);
  const covariateLength = Math.sqrt(values.reduce((sum, value) => sum + value * value, 0));
  const intercept = along.map((sum) => sum / design.testedLength);
  const tested = new Set(testedUnits(differences, rest, squares, design));
  const standardError = along.map((sum, unit) =>
    tested.has(unit)
      ? Math.sqrt(Math.max(0, valueAt(squares, unit) - sum * sum) / degreesOfFreedom) / design.testedLength
      : 0,
  );
  const t = intercept.map((value, unit) => (tested.has(unit) ? value / valueAt(standardError, unit) : 0));
  return {
    intercept,
    slope: alongCovariate.map(
      (sum, unit) => (sum - valueAt(intercept, unit) * onesAlongCovariate) / covariateLength,
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
  { thresholds = [3, 5], ...options }: NullOverUnitsOptions = {},
): Promise<NullOverUnits> {
  const { design, rest, squares } = prepare(differences, covariate);
  const [pairs, units] = differences.shape;
  const tested = testedUnits(differences, rest, squares, design);
  return nullOverUnits(
    differences.shape,
    tested,
    (flips, values) => {
      const along = sumsAlong(rest, units, design.tested, flips);
      const alongNuisance = sumsAlong(rest, units, design.nuisance, flips);
      for (const [place, unit] of tested.entries()) {
        const sum = valueAt(along, unit);
        const left = valueAt(squares, unit) - valueAt(alongNuisance, unit) ** 2 - sum * sum;
        values[place] = sum === 0 ? 0 : (Math.abs(sum) * Math.sqrt(pairs - 2)) / Math.sqrt(Math.max(0, left));
      }
    },
    thresholds,
    options,
  );
}

interface Prepared {
  readonly design: Design;
  readonly values: Float64Array;
  readonly rest: Float64Array;
  readonly squares: Float64Array;
}

function prepare(differences: Matrix, covariate: ArrayLike<number>): Prepared {
  checkDifferences(differences);
  const [pairs, units] = differences.shape;
  const values = readPerPair(covariate, pairs, "covariate");
  const design = makeDesign(
    new Float64Array(pairs).fill(1),
    values,
    "covariate: expected values that differ between pairs, got a constant; leave it out and use pairedT",
  );
  const rest = residuals(differences, design.nuisance);
  return { design, values, rest, squares: squaresOf(rest, units) };
}

/** The units that vary beside covariate and mean. */
function testedUnits(
  { data, shape: [, units] }: Matrix,
  rest: Float64Array,
  squares: Float64Array,
  { tested }: Design,
): readonly number[] {
  const all = squaresOf(Float64Array.from(data), units);
  const along = sumsAlong(rest, units, tested, () => false);
  return Array.from({ length: units }, (_, unit) => unit).filter((unit) => {
    const left = valueAt(squares, unit) - valueAt(along, unit) ** 2;
    return left > valueAt(all, unit) * NO_VARIANCE && left > 0;
  });
}

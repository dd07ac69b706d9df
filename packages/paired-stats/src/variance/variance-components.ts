import { studentTwoSidedP } from "../distributions/student-t.ts";
import type { Matrix } from "../matrix.ts";
import { checkSquarable } from "../paired-t.ts";
import { itemAt, valueAt } from "../reading.ts";
import { commonRange, type CommonRange, resolutionReader } from "../resolution.ts";
import { checkReplicates } from "./average-differences.ts";
import { crossedMeanSquares, effectDegreesOfFreedom, isIn } from "./crossed-mean-squares.ts";
import { arrangeCrossing, type CrossedFactor } from "./crossing.ts";
import { estimateComponents, type Estimate } from "./estimate-components.ts";

/** What one source contributes to the variance of a difference. */
export interface VarianceComponent {
  /** `pair`, a factor, an interaction such as `pair × reference`; the interaction of all is `residual`. */
  readonly name: string;
  /** Degrees of freedom of its mean square. */
  readonly degreesOfFreedom: number;
  /** One per unit, in the square of the unit of measurement; estimates below 0 are set to 0. */
  readonly variance: Float64Array;
  /** How many estimates were below 0. */
  readonly truncatedUnits: number;
}

/** Variance components of every unit, and the t test that takes every factor as random. Arrays hold one value per unit. */
export interface VarianceComponents {
  /** Main effects first, then interactions, the residual last. */
  readonly components: readonly VarianceComponent[];
  /** Mean difference over all pairs and replicates. */
  readonly mean: Float64Array;
  /** The standard deviation of that mean over new pairs and new levels of every factor. */
  readonly standardError: Float64Array;
  /** `mean / standardError`; 0 or ±Infinity for degenerate units. */
  readonly t: Float64Array;
  /** By Satterthwaite; pairs − 1 for degenerate units. */
  readonly degreesOfFreedom: Float64Array;
  /** Two-sided p-value of `t`. */
  readonly p: Float64Array;
  /** Units whose differences are all equal within their resolution; ascending. */
  readonly degenerateUnits: readonly number[];
}

/**
 * Variance components of differences that were measured on every pair under every combination of some factors (such as
 * images and noises), all of them random, by analysis of variance: each mean square is set equal to its expectation.
 *
 * A paired t over the mean of the replicates asks about new pairs under the same images and noises. The t here asks about
 * new pairs, images and noises: its standard error adds every component over the number of levels that it was averaged
 * over (`σ²_pair / P + σ²_replicate / R + σ²_residual / (P R)` for one factor), with Satterthwaite's degrees of freedom. With
 * components at 0 set aside it equals the paired t of the mean where only pairs and residual are left.
 *
 * Two or three levels estimate the variance between levels poorly: if that is large, the p of this test is too small.
 *
 * @param replicates - differences `[pairs, units]` per replicate, two pairs or more.
 * @param factors - what varies between the replicates; every combination of levels occurs once.
 * @throws {@link PairedStatsError} `shape-mismatch` for matrices of different shapes and for factors that are not fully crossed,
 *   `invalid-argument` for factors of one level or one name, and for invalid differences as {@link pairedT}.
 * @see Searle, Casella & McCulloch (1992), Variance Components, chapter 4; Satterthwaite (1946), Biometrics Bulletin 2, 110.
 * @example
 * const levels = ["first image", "second image", "third image"];
 * const { components, t } = varianceComponents(replicates, [{ name: "reference", levels }]);
 * components.map(({ name }) => name); // ["pair", "reference", "residual"]
 */
export function varianceComponents(
  replicates: readonly Matrix[],
  factors: readonly CrossedFactor[],
): VarianceComponents {
  checkReplicates(replicates, 2);
  for (const replicate of replicates) checkSquarable(replicate);
  const { sizes: levels, order } = arrangeCrossing(factors, replicates.length);
  const [pairs, units] = itemAt(replicates, 0).shape;
  const sizes = [pairs, ...levels];
  const effects = listEffects(sizes, ["pair", ...factors.map(({ name }) => name)]);
  const readUnit = unitReader(order.map((replicate) => itemAt(replicates, replicate)));
  const tests = Array.from({ length: units }, (_, unit) => testUnit(readUnit(unit), sizes));
  const perUnit = (read: (test: UnitTest) => number): Float64Array => Float64Array.from(tests, read);
  return {
    components: effects.map(({ effect, name }) => {
      const estimates = perUnit(({ variances }) => valueAt(variances, effect));
      return {
        name,
        degreesOfFreedom: effectDegreesOfFreedom(effect, sizes),
        variance: estimates.map((estimate) => Math.max(0, estimate)),
        truncatedUnits: estimates.filter((estimate) => estimate < 0).length,
      };
    }),
    mean: perUnit(({ mean }) => mean),
    standardError: perUnit(({ ofMean }) => Math.sqrt(ofMean)),
    t: perUnit(({ t }) => t),
    degreesOfFreedom: perUnit(({ degreesOfFreedom }) => degreesOfFreedom),
    p: perUnit(({ t, degreesOfFreedom }) => studentTwoSidedP(t, degreesOfFreedom)),
    degenerateUnits: [...tests.keys()].filter((unit) => itemAt(tests, unit).isDegenerate),
  };
}

interface UnitTest extends Estimate {
  readonly mean: number;
  readonly t: number;
  readonly isDegenerate: boolean;
}

function testUnit({ values, common }: UnitCells, sizes: readonly number[]): UnitTest {
  const meanSquares = crossedMeanSquares(values, sizes);
  const mean = valueAt(meanSquares, 0);
  if (common === undefined) {
    const estimate = estimateComponents(meanSquares, sizes);
    return { ...estimate, mean, t: mean / Math.sqrt(estimate.ofMean), isDegenerate: false };
  }
  const mayBeZero = common.lowest <= 0 && common.highest >= 0;
  return {
    variances: new Float64Array(meanSquares.length),
    ofMean: 0,
    degreesOfFreedom: (sizes[0] ?? 0) - 1,
    mean,
    t: mayBeZero ? 0 : mean / 0,
    isDegenerate: true,
  };
}

/** Every set of factors with its name, small sets first. */
function listEffects(sizes: readonly number[], names: readonly string[]): { effect: number; name: string }[] {
  const all = 2 ** sizes.length - 1;
  return Array.from({ length: all }, (_, place) => place + 1)
    .map((effect) => ({ effect, members: names.filter((_, factor) => isIn(factor, effect)) }))
    .sort((left, right) => left.members.length - right.members.length || left.effect - right.effect)
    .map(({ effect, members }) => ({ effect, name: effect === all ? "residual" : members.join(" × ") }));
}

/** The values of one unit: [pairs, combinations of the factors]. */
interface UnitCells {
  readonly values: Float64Array;
  /** What they can all be, if they differ by no more than rounding. */
  readonly common: CommonRange | undefined;
}

/** Reads one unit at a time from the replicates in the order of the crossing. */
function unitReader(replicates: readonly Matrix[]): (unit: number) => UnitCells {
  const [pairs, units] = itemAt(replicates, 0).shape;
  const resolutions = replicates.map(resolutionReader);
  const place = (cell: number, unit: number): number => Math.floor(cell / replicates.length) * units + unit;
  const cells = pairs * replicates.length;
  return (unit) => {
    const values = Float64Array.from({ length: cells }, (_, cell) => {
      const { data } = itemAt(replicates, cell % replicates.length);
      return data[place(cell, unit)] ?? NaN;
    });
    const common = commonRange(
      cells,
      (cell) => valueAt(values, cell),
      (cell) => resolutions[cell % replicates.length]?.(place(cell, unit)) ?? NaN,
    );
    return { values, common };
  };
}

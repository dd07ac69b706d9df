import { countReaching, pOfRank } from "../flips/null-distribution.ts";
import { checkOptions, checkWhole } from "../options.ts";
import { PairedStatsError } from "../paired-stats-error.ts";
import { randomWords, type RandomWords } from "../random.ts";
import { valueAt } from "../reading.ts";
import {
  andersonDarlingDistance,
  drawExcess,
  fitPareto,
  profileSurvival,
  type Pareto,
} from "./pareto-tail.ts";

/** Options of {@link tailP}. */
export interface TailPOptions {
  /** Seed of the goodness-of-fit simulations, a whole number. */
  readonly seed?: number;
}

/** A small p-value from few labellings, with the fit it rests on. */
export interface TailP {
  /** The probability of a statistic at least as great as the observed, by the fitted tail; not below `floor`. */
  readonly p: number;
  /** The 95 % profile likelihood interval of that probability. Its upper end is the p-value to be safe with. */
  readonly interval: { readonly lower: number; readonly upper: number };
  /** The least p that so many labellings can carry: a tenth of 1 / (m + 1). */
  readonly floor: number;
  /** What counting alone gives: (b + 1) / (m + 1). */
  readonly countedP: number;
  /** Where the tail begins, in the unit of the statistic. */
  readonly threshold: number;
  /** How many values of the null lie in it. */
  readonly exceedances: number;
  /** Shape ξ of the generalised Pareto distribution, by moments; negative means a bounded tail. */
  readonly shape: number;
  /** Its scale σ, in the unit of the statistic. */
  readonly scale: number;
  /** Anderson–Darling distance between the tail and the fit. */
  readonly andersonDarling: number;
  /** Share of simulated tails at least as far from their own fit. It says nothing about what lies beyond the null. */
  readonly fitP: number;
}

/** Tails tried, from the greatest quarter of the null down to its greatest fiftieth. */
const TAIL_SHARES: readonly number[] = [0.25, 0.2, 0.15, 0.1, 0.07, 0.05, 0.03, 0.02];
/** Fewer exceedances carry no fit. */
const FEWEST_EXCEEDANCES = 20;
/** A tail is accepted when more than this share of simulations is as far from its fit. */
const ACCEPTED_FIT = 0.05;
const SIMULATIONS = 199;
/** How far beyond 1 / (m + 1) a fit is trusted. */
const EXTRAPOLATION = 10;
/** The 0.95 quantile of χ² with one degree of freedom. */
const CHI_SQUARED_95 = 3.841458820694124;
/** Values that are less than this below the observed one, relatively, reach it: they differ by rounding. */
const TIE = 1e-10;

/**
 * An estimate of a p-value a little below 1 / (flips + 1), by a generalised Pareto distribution fitted to the null's tail.
 *
 * An extrapolation: prefer more flips, of which 10,000 cost a third of a second. The greatest quarter of the null is
 * fitted; if the fit is poor (Anderson–Darling, its p by simulation from the fit), smaller tails are tried in turn. A good
 * fit does not vouch for the far tail, so the estimate has an interval and a floor of a tenth of 1 / (flips + 1), and a
 * statistic that even the upper end of the interval puts below the floor is refused.
 *
 * @param observed - the statistic, large values being extreme (a count, a greatest |t|).
 * @param values - the statistic under random labellings (`null.values` of {@link signFlipNull}).
 * @throws {@link PairedStatsError} `no-fit` where no tail of 20 values or more fits, the observed statistic is not in
 *   the tail (then count), or lies further beyond the null than so many labellings can say.
 * @see Winkler et al. (2016), NeuroImage 141, 502, section "Tail approximation"; Hosking & Wallis (1987),
 *   Technometrics 29, 339 (moments); Coles (2001), section 4.3.3 (profile likelihood).
 * @example
 * const { p, interval } = tailP(maximum.observed, maximum.null.values);
 * console.log(`p ${p}, 95 % interval up to ${interval.upper}`);
 */
export function tailP(
  observed: number,
  values: Float64Array | Uint32Array,
  options: TailPOptions = {},
): TailP {
  checkOptions(options, ["seed"]);
  const { seed = 0 } = options;
  checkWhole(seed, "seed", Number.MIN_SAFE_INTEGER);
  const sorted = Float64Array.from(values).sort();
  if (!Number.isFinite(observed) || sorted.some((value) => !Number.isFinite(value)))
    throw noFit(`expected a finite statistic and a finite null, got ${observed}`, { observed });
  const { first, threshold, excesses, ...fit } = fitTail(sorted, randomWords(seed));
  if (observed <= threshold)
    throw noFit(`${observed} lies below the tail, which begins at ${threshold}; count instead`, {
      observed,
      threshold,
    });
  const share = (sorted.length - first) / sorted.length;
  const { estimate, lower, upper } = profileSurvival(excesses, observed - threshold, CHI_SQUARED_95);
  const floor = 1 / (EXTRAPOLATION * (sorted.length + 1));
  if (share * upper < floor)
    throw noFit(
      `${observed} lies so far beyond the null that ${sorted.length} labellings say no more than p < ${floor}; take ` +
        "more flips, or report that bound",
      { observed, threshold, floor },
    );
  return {
    p: Math.max(floor, share * estimate),
    interval: { lower: share * lower, upper: share * upper },
    floor,
    countedP: pOfRank(countReaching(sorted, observed - Math.abs(observed) * TIE), sorted.length, false),
    threshold,
    exceedances: excesses.length,
    ...fit,
  };
}

interface Tail extends Pareto {
  /** Where the tail begins in the sorted null. */
  readonly first: number;
  readonly threshold: number;
  /** Ascending. */
  readonly excesses: Float64Array;
  readonly andersonDarling: number;
  readonly fitP: number;
}

/** The largest tail that follows a generalised Pareto distribution. */
function fitTail(sorted: Float64Array, words: RandomWords): Tail {
  for (const share of TAIL_SHARES) {
    const exceedances = Math.floor(sorted.length * share);
    if (exceedances < FEWEST_EXCEEDANCES) break;
    // halfway to the next value below, so that none of the excesses is 0
    const first = sorted.length - exceedances;
    const threshold = (valueAt(sorted, first - 1) + valueAt(sorted, first)) / 2;
    const excesses = sorted.subarray(first).map((value) => value - threshold);
    const fit = fitPareto(excesses);
    if (!fit) continue;
    const andersonDarling = andersonDarlingDistance(excesses, fit);
    const fitP = simulatedP(andersonDarling, exceedances, fit, words);
    if (fitP > ACCEPTED_FIT) return { first, threshold, excesses, ...fit, andersonDarling, fitP };
  }
  throw noFit(
    `no tail of ${FEWEST_EXCEEDANCES} values or more of ${sorted.length} follows it; take more flips`,
    { values: sorted.length },
  );
}

/** Parametric bootstrap (Stute, González Manteiga & Presedo Quindimil 1993, Metrika 40, 243). */
function simulatedP(observed: number, size: number, fit: Pareto, words: RandomWords): number {
  let reaching = 0;
  for (let simulation = 0; simulation < SIMULATIONS; simulation += 1) {
    const sample = Float64Array.from({ length: size }, () => drawExcess(fit, words)).sort();
    const refit = fitPareto(sample);
    if (refit && andersonDarlingDistance(sample, refit) >= observed) reaching += 1;
  }
  return (reaching + 1) / (SIMULATIONS + 1);
}

function noFit(reason: string, details: Record<string, number>): PairedStatsError {
  return new PairedStatsError("no-fit", `tail of the null: ${reason}`, details);
}

import { countReaching, pOfRank } from "../flips/null-distribution.ts";
import { checkWhole } from "../options.ts";
import { PairedStatsError } from "../paired-stats-error.ts";
import { randomWords, type RandomWords } from "../random.ts";
import { valueAt } from "../reading.ts";

/** Options of {@link tailP}. */
export interface TailPOptions {
  /** Seed of the goodness-of-fit simulations, a whole number. */
  readonly seed?: number;
}

/** A small p-value from few labellings, with the fit it rests on. */
export interface TailP {
  /** The probability of a statistic at least as great as the observed, by the fitted tail. */
  readonly p: number;
  /** What counting alone gives: (b + 1) / (m + 1). */
  readonly countedP: number;
  /** Where the tail begins, in the unit of the statistic. */
  readonly threshold: number;
  /** How many values of the null lie in it. */
  readonly exceedances: number;
  /** Shape ξ of the generalised Pareto distribution; negative means a bounded tail. */
  readonly shape: number;
  /** Its scale σ, in the unit of the statistic. */
  readonly scale: number;
  /** Anderson–Darling distance between the tail and the fit. */
  readonly andersonDarling: number;
  /** Share of simulated tails at least as far from their own fit. */
  readonly fitP: number;
}

/** Tails tried, from the greatest quarter of the null down to its greatest fiftieth. */
const TAIL_SHARES: readonly number[] = [0.25, 0.2, 0.15, 0.1, 0.07, 0.05, 0.03, 0.02];
/** Fewer exceedances carry no fit. */
const FEWEST_EXCEEDANCES = 20;
/** A tail is accepted when more than this share of simulations is as far from its fit. */
const ACCEPTED_FIT = 0.05;
const SIMULATIONS = 199;

/**
 * The p-value of a statistic beyond most of its null, by a generalised Pareto distribution fitted to the null's tail:
 * finer than 1 / (flips + 1), from few flips.
 *
 * The greatest quarter of the null is fitted by moments; if the fit is poor (Anderson–Darling, its p by simulation from
 * the fit), smaller tails are tried in turn.
 *
 * @param observed - the statistic, large values being extreme (a count, a greatest |t|).
 * @param values - the statistic under random labellings (`null.values` of {@link signFlipNull}).
 * @throws {@link PairedStatsError} `no-fit` where no tail of 20 values or more fits, the observed statistic is not in
 *   the tail (then count), or lies beyond the fitted tail's end, where it would claim p = 0.
 * @see Winkler et al. (2016), NeuroImage 141, 502, section "Tail approximation"; Hosking & Wallis (1987),
 *   Technometrics 29, 339 (moments).
 * @example
 * tailP(maximum.observed, maximum.null.values).p; // 3e-7, where 200 flips alone end at 1 / 201
 */
export function tailP(
  observed: number,
  values: Float64Array | Uint32Array,
  { seed = 0 }: TailPOptions = {},
): TailP {
  checkWhole(seed, "seed", Number.MIN_SAFE_INTEGER);
  const sorted = Float64Array.from(values).sort();
  if (!Number.isFinite(observed) || sorted.some((value) => !Number.isFinite(value)))
    throw noFit(`expected a finite statistic and a finite null, got ${observed}`, { observed });
  const words = randomWords(seed);
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
    if (fitP <= ACCEPTED_FIT) continue;
    if (observed <= threshold)
      throw noFit(`${observed} lies below the tail, which begins at ${threshold}; count instead`, {
        observed,
        threshold,
      });
    const p = (exceedances / sorted.length) * survival(observed - threshold, fit);
    if (p <= 0)
      throw noFit(`${observed} lies beyond the end of the fitted tail; take more flips`, {
        observed,
        threshold,
      });
    return {
      p,
      countedP: pOfRank(countReaching(sorted, observed), sorted.length, false),
      threshold,
      exceedances,
      shape: fit.shape,
      scale: fit.scale,
      andersonDarling,
      fitP,
    };
  }
  throw noFit(
    `no tail of ${FEWEST_EXCEEDANCES} values or more of ${sorted.length} follows it; take more flips`,
    {
      values: sorted.length,
    },
  );
}

interface Pareto {
  readonly shape: number;
  readonly scale: number;
}

/** By moments: mean = σ / (1 − ξ), variance = σ² / ((1 − ξ)² (1 − 2ξ)); undefined where all excesses are equal. */
function fitPareto(excesses: Float64Array): Pareto | undefined {
  const mean = excesses.reduce((sum, value) => sum + value, 0) / excesses.length;
  const variance = excesses.reduce((sum, value) => sum + (value - mean) ** 2, 0) / (excesses.length - 1);
  if (!(variance > 0)) return undefined;
  const ratio = (mean * mean) / variance;
  return { shape: (1 - ratio) / 2, scale: (mean * (1 + ratio)) / 2 };
}

/** P(excess ≥ x): (1 + ξ x / σ)^(−1/ξ), 0 beyond the end of a bounded tail. */
function survival(excess: number, { shape, scale }: Pareto): number {
  if (Math.abs(shape) < 1e-9) return Math.exp(-excess / scale);
  const base = 1 + (shape * excess) / scale;
  return base <= 0 ? 0 : Math.exp(-Math.log(base) / shape);
}

/** A² of ascending excesses; a value beyond the fitted end counts as just inside. */
function andersonDarlingDistance(excesses: Float64Array, fit: Pareto): number {
  const size = excesses.length;
  const above = excesses.map((value) => Math.min(1 - 1e-12, Math.max(1e-12, survival(value, fit))));
  let sum = 0;
  for (let rank = 0; rank < size; rank += 1)
    sum += (2 * rank + 1) * (Math.log1p(-valueAt(above, rank)) + Math.log(valueAt(above, size - 1 - rank)));
  return -size - sum / size;
}

/** Parametric bootstrap (Stute, González Manteiga & Presedo Quindimil 1993, Metrika 40, 243). */
function simulatedP(observed: number, size: number, fit: Pareto, words: RandomWords): number {
  let reaching = 0;
  for (let simulation = 0; simulation < SIMULATIONS; simulation += 1) {
    const sample = Float64Array.from({ length: size }, () => {
      const uniform = (words() + 0.5) / 2 ** 32;
      return Math.abs(fit.shape) < 1e-9
        ? -fit.scale * Math.log(uniform)
        : (fit.scale * (uniform ** -fit.shape - 1)) / fit.shape;
    }).sort();
    const refit = fitPareto(sample);
    if (refit && andersonDarlingDistance(sample, refit) >= observed) reaching += 1;
  }
  return (reaching + 1) / (SIMULATIONS + 1);
}

function noFit(reason: string, details: Record<string, number>): PairedStatsError {
  return new PairedStatsError("no-fit", `tail of the null: ${reason}`, details);
}

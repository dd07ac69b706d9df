import type { RandomWords } from "../random.ts";
import { valueAt } from "../reading.ts";

/** A generalised Pareto distribution of the excesses over a threshold. */
export interface Pareto {
  readonly shape: number;
  readonly scale: number;
}

/** By moments: mean = σ / (1 − ξ), variance = σ² / ((1 − ξ)² (1 − 2ξ)); undefined where all excesses are equal. */
export function fitPareto(excesses: Float64Array): Pareto | undefined {
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

/** A random excess. */
export function drawExcess({ shape, scale }: Pareto, words: RandomWords): number {
  const uniform = (words() + 0.5) / 2 ** 32;
  return Math.abs(shape) < 1e-9 ? -scale * Math.log(uniform) : (scale * (uniform ** -shape - 1)) / shape;
}

/** A² of ascending excesses; a value beyond the fitted end counts as just inside. */
export function andersonDarlingDistance(excesses: Float64Array, fit: Pareto): number {
  const size = excesses.length;
  const above = excesses.map((value) => Math.min(1 - 1e-12, Math.max(1e-12, survival(value, fit))));
  let sum = 0;
  for (let rank = 0; rank < size; rank += 1)
    sum += (2 * rank + 1) * (Math.log1p(-valueAt(above, rank)) + Math.log(valueAt(above, size - 1 - rank)));
  return -size - sum / size;
}

/** What the likelihood says of P(excess ≥ x). */
export interface SurvivalEstimate {
  /** Where the likelihood is greatest. */
  readonly estimate: number;
  /** The least probability that the likelihood ratio does not reject; 0 where it rejects none. */
  readonly lower: number;
  /** The greatest. */
  readonly upper: number;
}

/** Probabilities below e to this power count as 0. */
const LEAST_LOG = -50;
/** Shapes for which likelihood ratios have their usual distribution (Smith 1985, Biometrika 72, 67). */
const LEAST_SHAPE = -0.5;
const GREATEST_SHAPE = 1;

/**
 * The probability of an excess of at least `x`, with its profile likelihood interval: the tails of every shape that give
 * that probability are compared with the excesses, the best of them counting.
 *
 * @param excesses - over the threshold of the tail, positive.
 * @param criticalValue - by how much twice the log-likelihood may fall short: 3.84 for 95 %.
 * @see Coles (2001), An Introduction to Statistical Modeling of Extreme Values, sections 2.6.6 and 4.3.3.
 */
export function profileSurvival(excesses: Float64Array, x: number, criticalValue: number): SurvivalEstimate {
  const profile = (log: number): number =>
    greatest((shape) => logLikelihood(excesses, paretoThrough(x, log, shape)), LEAST_SHAPE, GREATEST_SHAPE)
      .value;
  const best = greatest(profile, LEAST_LOG, -1e-6);
  const edge = (outside: number): number => {
    let [inner, outer] = [best.at, outside];
    while (Math.abs(outer - inner) > 1e-3) {
      const middle = (inner + outer) / 2;
      if (2 * (best.value - profile(middle)) <= criticalValue) inner = middle;
      else outer = middle;
    }
    return inner;
  };
  const lowest = edge(LEAST_LOG);
  return {
    estimate: Math.exp(best.at),
    lower: lowest < LEAST_LOG + 0.01 ? 0 : Math.exp(lowest),
    upper: Math.exp(edge(0)),
  };
}

/** The distribution of a given shape under which P(excess ≥ x) = e^log. */
function paretoThrough(x: number, log: number, shape: number): Pareto {
  return { shape, scale: Math.abs(shape) < 1e-9 ? x / -log : (shape * x) / Math.expm1(-shape * log) };
}

function logLikelihood(excesses: Float64Array, { shape, scale }: Pareto): number {
  let sum = -excesses.length * Math.log(scale);
  if (Math.abs(shape) < 1e-9) {
    for (const excess of excesses) sum -= excess / scale;
    return sum;
  }
  for (const excess of excesses) {
    const base = 1 + (shape * excess) / scale;
    if (base <= 0) return -Infinity;
    sum -= (1 / shape + 1) * Math.log(base);
  }
  return sum;
}

/** Where a function of one peak is greatest: golden section search (Kiefer 1953). */
function greatest(
  of: (at: number) => number,
  from: number,
  to: number,
): { readonly at: number; readonly value: number } {
  const section = (Math.sqrt(5) - 1) / 2;
  let [low, high] = [from, to];
  let left = high - section * (high - low);
  let right = low + section * (high - low);
  let [atLeft, atRight] = [of(left), of(right)];
  while (high - low > 1e-3 * (to - from)) {
    if (atLeft > atRight) {
      [high, right, atRight] = [right, left, atLeft];
      left = high - section * (high - low);
      atLeft = of(left);
    } else {
      [low, left, atLeft] = [left, right, atRight];
      right = low + section * (high - low);
      atRight = of(right);
    }
  }
  return atLeft > atRight ? { at: left, value: atLeft } : { at: right, value: atRight };
}

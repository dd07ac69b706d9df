import { max, mean, min } from "d3-array";
import { ablationStatistics, type AblationStatistic, type SetEffects, type SetTest } from "./ablation.ts";

/** The velocities of a pair: the prediction for each noise token under condition a and b, of one length. */
export interface PairVelocities {
  readonly a: Float32Array;
  readonly b: Float32Array;
}

/** The lengths of a pair's contrast and velocities without ablation. */
export interface PairNorms {
  readonly contrast: number;
  readonly velocity: number;
}

/** The norms that a pair's effects are relative to. */
export function pairNorms({ a, b }: PairVelocities): PairNorms {
  let [contrast, squaresA, squaresB] = [0, 0, 0];
  for (const [place, valueA] of a.entries()) {
    const valueB = b[place] ?? 0;
    contrast += (valueB - valueA) ** 2;
    squaresA += valueA ** 2;
    squaresB += valueB ** 2;
  }
  return { contrast: Math.sqrt(contrast), velocity: (Math.sqrt(squaresA) + Math.sqrt(squaresB)) / 2 };
}

/**
 * What the ablation of a set does to a pair.
 *
 * @param whole - The velocities without ablation, whose contrast is not 0.
 * @param ablated - Those with the set's units at 0.
 */
export function pairEffects(
  whole: PairVelocities,
  ablated: PairVelocities,
): Readonly<Record<AblationStatistic, number>> {
  let [moved, left, before, changedA, changedB, squaresA, squaresB] = [0, 0, 0, 0, 0, 0, 0];
  for (const [place, a] of whole.a.entries()) {
    const b = whole.b[place] ?? 0;
    const ablatedA = ablated.a[place] ?? 0;
    const ablatedB = ablated.b[place] ?? 0;
    const contrast = b - a;
    const contrastLeft = ablatedB - ablatedA;
    moved += (contrastLeft - contrast) ** 2;
    left += contrastLeft ** 2;
    before += contrast ** 2;
    changedA += (ablatedA - a) ** 2;
    changedB += (ablatedB - b) ** 2;
    squaresA += a ** 2;
    squaresB += b ** 2;
  }
  return {
    contrastMoved: Math.sqrt(moved / before),
    contrastSize: Math.sqrt(left / before) - 1,
    disturbance: (Math.sqrt(changedA / squaresA) + Math.sqrt(changedB / squaresB)) / 2,
  };
}

/** Holds the mean over the pairs of each statistic of a set against those of the random sets. */
export function testSet(
  set: SetEffects,
  random: readonly SetEffects[],
): Readonly<Record<AblationStatistic, SetTest>> {
  const test = (statistic: AblationStatistic): SetTest => {
    const observed = mean(set[statistic]) ?? NaN; // NaN for no pairs, which do not come here
    const values = random.map((effects) => mean(effects[statistic]) ?? NaN);
    // A contrast that shrinks is what a set that carries it leaves behind; the others can only grow.
    const isAsFar = (value: number): boolean =>
      statistic === "contrastSize" ? value <= observed : value >= observed;
    return {
      observed,
      nullMean: mean(values) ?? NaN,
      nullMinimum: min(values) ?? NaN,
      nullMaximum: max(values) ?? NaN,
      p: (values.filter(isAsFar).length + 1) / (values.length + 1),
    };
  };
  const [contrastMoved, contrastSize, disturbance] = ablationStatistics.map(test) as [
    SetTest,
    SetTest,
    SetTest,
  ]; // one for each
  return { contrastMoved, contrastSize, disturbance };
}

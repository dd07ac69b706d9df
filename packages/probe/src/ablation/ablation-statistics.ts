import { mean } from "d3-array";
import { valueAt } from "../reading.ts";
import type { AblationStatistic, SetEffects, SetTest } from "./ablation.ts";

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
  const contrast = Math.sqrt(sumSquares(subtract(b, a)));
  return { contrast, velocity: (Math.sqrt(sumSquares(a)) + Math.sqrt(sumSquares(b))) / 2 };
}

/**
 * What the ablation of a set does to a pair.
 *
 * @param whole - The velocities without ablation, whose contrast is not 0.
 * @param ablated - Those with the set's units ablated.
 */
export function pairEffects(
  whole: PairVelocities,
  ablated: PairVelocities,
): Readonly<Record<AblationStatistic, number>> {
  const contrast = subtract(whole.b, whole.a);
  const contrastLeft = subtract(ablated.b, ablated.a);
  const before = sumSquares(contrast);
  return {
    contrastMoved: Math.sqrt(sumSquares(subtract(contrastLeft, contrast)) / before),
    contrastSize: Math.sqrt(sumSquares(contrastLeft) / before) - 1,
    disturbance: (relativeChange(whole.a, ablated.a) + relativeChange(whole.b, ablated.b)) / 2,
  };
}

/** ‖to − from‖ / ‖from‖. */
function relativeChange(from: Float32Array, to: Float32Array): number {
  return Math.sqrt(sumSquares(subtract(to, from)) / sumSquares(from));
}

function subtract(vector: ArrayLike<number>, other: ArrayLike<number>): Float64Array {
  return Float64Array.from(vector, (value, place) => value - valueAt(other, place));
}

function sumSquares(vector: Float32Array | Float64Array): number {
  let sum = 0;
  for (const value of vector) sum += value ** 2;
  return sum;
}

/** Holds the mean over the pairs of each statistic of a set against those of the random sets. */
export function testSet(
  set: SetEffects,
  random: readonly SetEffects[],
): Readonly<Record<AblationStatistic, SetTest>> {
  const test = (statistic: AblationStatistic): SetTest => {
    const observed = meanOf(set[statistic]);
    const values = random.map((effects) => meanOf(effects[statistic]));
    // A contrast that shrinks is what a set that carries it leaves behind; the others can only grow.
    const isAsFar = (value: number): boolean =>
      statistic === "contrastSize" ? value <= observed : value >= observed;
    return {
      observed,
      nullMean: meanOf(values),
      nullMinimum: Math.min(...values),
      nullMaximum: Math.max(...values),
      p: (values.filter(isAsFar).length + 1) / (values.length + 1),
    };
  };
  return {
    contrastMoved: test("contrastMoved"),
    contrastSize: test("contrastSize"),
    disturbance: test("disturbance"),
  };
}

function meanOf(values: readonly number[]): number {
  const average = mean(values);
  if (average === undefined) throw new RangeError("expected at least one value to average, received none");
  return average;
}

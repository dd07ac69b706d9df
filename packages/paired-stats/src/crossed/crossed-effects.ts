import { fisherUpperP } from "../distributions/fisher-f.ts";
import { checkMatrix, type Matrix } from "../matrix.ts";
import { checkOptions } from "../options.ts";
import { pairedT, unitT, type PairedT } from "../paired-t.ts";
import { valueAt } from "../reading.ts";
import { resolutionReader } from "../resolution.ts";
import { CROSSED_DESIGN, readCrossedDesign, type Crossed, type CrossedDesign } from "./crossed-design.ts";
import { slopesOf } from "./object-slopes.ts";

/** An F test of every unit. */
export interface FTest {
  /** Ratio of two mean squares; 0 or Infinity if the one below is 0 within the resolution, never NaN. */
  readonly f: Float64Array;
  /** P(F ≥ f), exact for normal errors of equal variance. */
  readonly p: Float64Array;
  /** Of the mean square above and of the one below. */
  readonly degreesOfFreedom: readonly [number, number];
}

/** What level and object do to every unit; each array holds one value per unit. */
export interface CrossedEffects {
  /**
   * Share of the sum of squares about the mean that lies between the objects' means. With `levelShare` and
   * `interactionShare` it adds up to 1; all are 0 for degenerate units.
   */
  readonly objectShare: Float64Array;
  /** Share that lies between the levels' means. */
  readonly levelShare: Float64Array;
  /** The part of `levelShare` that is linear in the grade. */
  readonly linearShare: Float64Array;
  /** Share that neither explains: levels that act on objects differently, and noise. */
  readonly interactionShare: Float64Array;
  /** The objects' slopes on the grade, tested over objects: `slope.mean`, `slope.t`, `slope.p` (see {@link objectSlopes}). */
  readonly slope: PairedT;
  /**
   * Do slopes differ between objects? Mean square of linear × object over that of the rest of the interaction; null for
   * two levels, which leave no rest.
   */
  readonly slopeHeterogeneity: FTest | null;
  /** The objects' means: mean square of object over that of the interaction. */
  readonly objectEffect: FTest;
  /**
   * The levels' means, in any order: mean square of level over that of the interaction. It assumes that the differences
   * between any two levels vary equally over objects (sphericity); `slope` does not.
   */
  readonly levelEffect: FTest;
  /** Units whose values are all equal, within the resolution of the measurements; ascending. */
  readonly degenerateUnits: readonly number[];
}

/**
 * The two-way layout of every unit, objects × levels with one value each: what the level does, what the object does, and
 * whether the level does the same to every object.
 *
 * @param cells - `[objects × levels, units]`, the levels of an object next to each other, in any unit of measurement.
 * @throws {@link PairedStatsError} as {@link objectSlopes}, and `out-of-range` as {@link pairedT}.
 * @see Kirk (2013), Experimental Design, chapter 8 (randomized block design); Winer, Brown & Michels (1991), Statistical
 *   Principles in Experimental Design, chapter 4 (repeated measures, trends and their differences between subjects).
 * @example
 * const { linearShare, objectShare, slope, slopeHeterogeneity } = crossedEffects(cells, {
 *   objects: 8,
 *   grades: [-3, -1, 0, 1, 2, 4],
 * });
 */
export function crossedEffects(cells: Matrix, design: CrossedDesign): CrossedEffects {
  checkOptions(design, CROSSED_DESIGN);
  checkMatrix(cells, "cells");
  const crossed = readCrossedDesign(cells.shape[0], design);
  const { degenerateUnits } = unitT(cells);
  const degenerate = new Set(degenerateUnits);
  const { objects, levels } = crossed;
  const squares = Array.from({ length: cells.shape[1] }, (_, unit) =>
    degenerate.has(unit) ? NO_SQUARES : squaresOfUnit(cells, unit, crossed),
  );
  const share = (part: keyof SumsOfSquares): Float64Array =>
    Float64Array.from(squares, (unit) => {
      const total = unit.object + unit.level + unit.interaction;
      return total > 0 ? unit[part] / total : 0;
    });
  const test = (
    above: keyof SumsOfSquares,
    below: keyof SumsOfSquares,
    degreesOfFreedom: readonly [number, number],
  ): FTest => {
    const [numerator, denominator] = degreesOfFreedom;
    const f = Float64Array.from(squares, (unit) =>
      unit[above] > 0 ? unit[above] / numerator / (unit[below] / denominator) : 0,
    );
    return { f, p: f.map((value) => fisherUpperP(value, numerator, denominator)), degreesOfFreedom };
  };
  const ofInteraction = (objects - 1) * (levels - 1);
  return {
    objectShare: share("object"),
    levelShare: share("level"),
    linearShare: share("linear"),
    interactionShare: share("interaction"),
    slope: pairedT(slopesOf(cells, crossed)),
    slopeHeterogeneity:
      levels > 2
        ? test("linearByObject", "restOfInteraction", [objects - 1, (objects - 1) * (levels - 2)])
        : null,
    objectEffect: test("object", "interaction", [objects - 1, ofInteraction]),
    levelEffect: test("level", "interaction", [levels - 1, ofInteraction]),
    degenerateUnits,
  };
}

interface SumsOfSquares {
  readonly object: number;
  readonly level: number;
  /** Of `level`, the part along the grade. */
  readonly linear: number;
  readonly interaction: number;
  /** Of `interaction`, the part in which the objects' slopes differ. */
  readonly linearByObject: number;
  readonly restOfInteraction: number;
}

const NO_SQUARES: SumsOfSquares = {
  object: 0,
  level: 0,
  linear: 0,
  interaction: 0,
  linearByObject: 0,
  restOfInteraction: 0,
};

/** Deviations from means of values of size 1 that rounding alone can leave. */
const ROUNDING = 2 ** -49;

/** Every sum is taken from the deviations themselves: a difference of sums would be rounding where little is left. */
function squaresOfUnit(cells: Matrix, unit: number, { objects, levels, direction }: Crossed): SumsOfSquares {
  const [, units] = cells.shape;
  const resolutionAt = resolutionReader(cells);
  const first = cells.data[unit] ?? NaN;
  const values = new Float64Array(objects * levels); // from the first one: a common offset costs no digits
  let unresolved = 0;
  let largest = 0;
  for (let row = 0; row < values.length; row += 1) {
    const place = row * units + unit;
    values[row] = (cells.data[place] ?? NaN) - first;
    unresolved += resolutionAt(place) ** 2;
    largest = Math.max(largest, Math.abs(valueAt(values, row)));
  }
  const objectMeans = new Float64Array(objects);
  const levelMeans = new Float64Array(levels);
  const slopes = new Float64Array(objects); // along the direction of length 1
  let mean = 0;
  let meanSlope = 0;
  for (const [row, value] of values.entries()) {
    const object = Math.floor(row / levels);
    const level = row % levels;
    const along = valueAt(direction, level) * value;
    mean += value / values.length;
    meanSlope += along / objects;
    objectMeans[object] = valueAt(objectMeans, object) + value / levels;
    levelMeans[level] = valueAt(levelMeans, level) + value / objects;
    slopes[object] = valueAt(slopes, object) + along;
  }
  let [interaction, restOfInteraction] = [0, 0];
  for (const [row, value] of values.entries()) {
    const object = Math.floor(row / levels);
    const level = row % levels;
    const left = value - valueAt(objectMeans, object) - valueAt(levelMeans, level) + mean;
    const rest = left - valueAt(direction, level) * (valueAt(slopes, object) - meanSlope);
    interaction += left * left;
    restOfInteraction += rest * rest;
  }
  const floor = unresolved + values.length * (ROUNDING * largest) ** 2;
  const resolved = (sum: number): number => (sum > floor ? sum : 0);
  return {
    object: resolved(levels * squaresAbout(objectMeans, mean)),
    level: resolved(objects * squaresAbout(levelMeans, mean)),
    linear: resolved(objects * meanSlope * meanSlope),
    interaction: resolved(interaction),
    linearByObject: resolved(squaresAbout(slopes, meanSlope)),
    restOfInteraction: resolved(restOfInteraction),
  };
}

function squaresAbout(values: Float64Array, centre: number): number {
  return values.reduce((sum, value) => sum + (value - centre) ** 2, 0);
}

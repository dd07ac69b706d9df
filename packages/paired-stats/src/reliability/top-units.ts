import type { Matrix } from "../matrix.ts";
import { checkOptions, checkWhole } from "../options.ts";
import { unitT, type UnitT } from "../paired-t.ts";
import { PairedStatsError } from "../paired-stats-error.ts";
import { median } from "../quantile.ts";
import { valueAt } from "../reading.ts";
import { selectPairs } from "../select.ts";
import { chooseHalvings, HALVING_OPTIONS, type Halving, type HalvingOptions } from "./halves.ts";

/** How far two halves of the pairs agree on the strongest units. */
export interface TopUnitOverlap {
  /** How many units were taken from each half. */
  readonly top: number;
  /** Per halving: the share of the first half's top units that are also the second half's, from 0 to 1. */
  readonly overlap: Float64Array;
  /** Median of `overlap`. */
  readonly median: number;
  /** The share that halves without anything in common would have on average: `top / units`. */
  readonly expectedByChance: number;
}

/** What the strongest units of one half show in the other. */
export interface SplitSampleEffect {
  /** How many units were selected. */
  readonly top: number;
  /** Per halving: mean d_z of the selected units in the half that selected them, each in its own direction. */
  readonly selectedDz: Float64Array;
  /** Per halving: mean d_z of the same units in the other half, in the direction that the first half found. */
  readonly estimatedDz: Float64Array;
  /** Median of `selectedDz`: inflated by the selection. */
  readonly medianSelectedDz: number;
  /** Median of `estimatedDz`: free of the selection. */
  readonly medianEstimatedDz: number;
}

/**
 * The overlap between the units of greatest |t| in two halves of the pairs.
 *
 * @param differences - `[pairs, units]`, four pairs or more.
 * @param top - how many units to take from each half, from 1 to the number of units that vary.
 * @throws {@link PairedStatsError} as {@link pairedT} for invalid differences; `invalid-argument` and `too-few-pairs` for a `top`
 *   or halvings that cannot be.
 * @example
 * topUnitOverlap(differences, 100, { splits: 50 }).median; // 0.71: seven in ten strong units are found again
 */
export function topUnitOverlap(
  differences: Matrix,
  top: number,
  options: HalvingOptions = {},
): TopUnitOverlap {
  const { units, halves } = rankHalves(differences, top, options);
  return summarizeOverlap(halves, top, units);
}

/**
 * The effect size of the strongest units, free of the selection: units are selected by |t| on one half of the pairs and
 * their d_z is taken from the other half; each halving is used both ways round and averaged.
 *
 * @param differences - `[pairs, units]`, four pairs or more.
 * @param top - how many units to select, from 1 to the number of units that vary.
 * @throws {@link PairedStatsError} as {@link topUnitOverlap}; `degenerate` where a selected unit does not vary within a
 *   half and so has no finite d_z there.
 * @see Kriegeskorte et al. (2009), Nat. Neurosci. 12, 535 (selection and estimation on the same data).
 * @example
 * const { medianSelectedDz, medianEstimatedDz } = splitSampleEffect(differences, 50); // 1.42 and 0.93
 */
export function splitSampleEffect(
  differences: Matrix,
  top: number,
  options: HalvingOptions = {},
): SplitSampleEffect {
  const { halves } = rankHalves(differences, top, options);
  return summarizeEffect(halves, top);
}

/**
 * {@link splitSampleEffect} and {@link topUnitOverlap} of the same halvings, in the time of one of them.
 *
 * @throws {@link PairedStatsError} as {@link splitSampleEffect}.
 * @example
 * const { effect, overlap } = retestTopUnits(differences, 50);
 */
export function retestTopUnits(
  differences: Matrix,
  top: number,
  options: HalvingOptions = {},
): { readonly effect: SplitSampleEffect; readonly overlap: TopUnitOverlap } {
  const { units, halves } = rankHalves(differences, top, options);
  return { effect: summarizeEffect(halves, top), overlap: summarizeOverlap(halves, top, units) };
}

/** What one halving of the pairs gives. */
interface RankedHalves {
  /** Units that both halves select. */
  readonly shared: number;
  /** Mean d_z of the selected units in the half that selected them, and in the other; not finite if one does not vary. */
  readonly selectedDz: number;
  readonly estimatedDz: number;
}

function rankHalves(
  differences: Matrix,
  top: number,
  options: HalvingOptions,
): { units: readonly number[]; halves: readonly RankedHalves[] } {
  const { units, halvings } = prepare(differences, top, options);
  const halves = halvings.map(({ first, second }): RankedHalves => {
    const left = unitT(selectPairs(differences, first));
    const right = unitT(selectPairs(differences, second));
    const fromLeft = strongest(left, units, top);
    const fromRight = strongest(right, units, top);
    const found = new Set(fromRight);
    return {
      shared: fromLeft.filter((unit) => found.has(unit)).length,
      selectedDz: (alignedDz(left, left, fromLeft) + alignedDz(right, right, fromRight)) / 2,
      estimatedDz: (alignedDz(left, right, fromLeft) + alignedDz(right, left, fromRight)) / 2,
    };
  });
  return { units, halves };
}

function summarizeOverlap(
  halves: readonly RankedHalves[],
  top: number,
  units: readonly number[],
): TopUnitOverlap {
  const overlap = Float64Array.from(halves, ({ shared }) => shared / top);
  return { top, overlap, median: median(overlap), expectedByChance: top / units.length };
}

function summarizeEffect(halves: readonly RankedHalves[], top: number): SplitSampleEffect {
  const selectedDz = Float64Array.from(halves, (half) => requireFinite(half.selectedDz));
  const estimatedDz = Float64Array.from(halves, (half) => requireFinite(half.estimatedDz));
  return {
    top,
    selectedDz,
    estimatedDz,
    medianSelectedDz: median(selectedDz),
    medianEstimatedDz: median(estimatedDz),
  };
}

function prepare(
  differences: Matrix,
  top: number,
  options: HalvingOptions,
): { units: readonly number[]; halvings: readonly Halving[] } {
  checkOptions(options, HALVING_OPTIONS);
  checkWhole(top, "top", 1);
  const { testedUnits: units } = unitT(differences);
  const [pairs] = differences.shape;
  if (top > units.length)
    throw new PairedStatsError(
      "invalid-argument",
      `top: expected at most ${units.length}, the units that vary, got ${top}`,
      { top, units: units.length },
    );
  return { units, halvings: chooseHalvings(pairs, options) };
}

/** The units of greatest |t|, strongest first; equal ones in their order. */
function strongest({ t }: UnitT, units: readonly number[], top: number): readonly number[] {
  const size = (unit: number): number => Math.abs(valueAt(t, unit));
  const ascending = Float64Array.from(units, size).sort(); // of numbers alone, many times faster than of units
  const least = valueAt(ascending, units.length - top);
  return units
    .filter((unit) => size(unit) >= least)
    .sort((left, right) => (size(left) === size(right) ? left - right : size(right) - size(left)))
    .slice(0, top);
}

/** Mean d_z of some units in one half, in the direction of their t in another; not finite if one does not vary. */
function alignedDz(selecting: UnitT, estimating: UnitT, units: readonly number[]): number {
  let sum = 0;
  for (const unit of units)
    sum +=
      (Math.sign(valueAt(selecting.t, unit)) * valueAt(estimating.mean, unit)) /
      valueAt(estimating.standardDeviation, unit);
  return sum / units.length;
}

function requireFinite(dz: number): number {
  if (Number.isFinite(dz)) return dz;
  throw new PairedStatsError(
    "degenerate",
    "a selected unit has the same difference in all pairs of a half; take more pairs or leave that unit out",
    {},
  );
}

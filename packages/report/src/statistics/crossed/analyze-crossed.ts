import {
  adjustPValues,
  crossedEffects,
  type CrossedEffects,
  levelOrderNull,
  type LevelOrderNull,
  MOST_PAIRS_ENUMERATED,
  type Matrix,
  objectSlopes,
  signFlipNull,
  type SignFlipNull,
  singleStepMaxT,
} from "@measure-plantain/paired-stats";
import type { Granularity, GranularityName, UnitRecord } from "@measure-plantain/probe";
import type { CrossedCells } from "@measure-plantain/prompts";
import { valueAt } from "../../reading.ts";
import { ALPHA } from "../alpha.ts";
import type { FlipOptions } from "../flip-options.ts";
import { arrangeCells } from "./arrange-cells.ts";

/** What a crossed set shows of the units of one granularity; each array holds one value per unit. */
export interface CrossedGranularity {
  /** What its units are. */
  readonly name: GranularityName;
  /** Which units they are. */
  readonly records: readonly UnitRecord[];
  /** What level and row do to the root mean square of each unit. */
  readonly effects: CrossedEffects;
  /** The rows' slopes on the grade against flips of whole rows; `null` if no unit varies. */
  readonly slopes: SignFlipNull | null;
  /** Of each unit's slope, family-wise by the greatest |t|; 1 for all if no unit varies. */
  readonly slopeP: Float64Array;
  /** Whether the levels' means are in the order of the grades; `null` for two levels, which have one order. */
  readonly order: LevelOrderNull | null;
  /** What each unit follows. */
  readonly follows: readonly UnitResponse[];
}

/**
 * What a unit's root mean square follows: `grade`, the graded factor alike in all rows and in its order; `rows`, slopes that
 * differ between rows, as of a unit that follows the grade for one object only; `levels`, the levels alike in all rows, in
 * another order than the grades', as of a unit that follows their wording; `none` of these, so far as the run can tell.
 */
export type UnitResponse = "grade" | "rows" | "levels" | "none";

/** More rows are flipped at random. */
const MOST_ROWS_EXACT = Math.min(14, MOST_PAIRS_ENUMERATED);

/** Computes what a crossed set shows of the root mean squares of a granularity. */
export async function analyzeCrossed(
  { name, records, a, b }: Granularity,
  cells: CrossedCells,
  { flips, seed, signal, onProgress }: FlipOptions,
): Promise<CrossedGranularity> {
  const units = records.length;
  const sides = [a, b] as const;
  const measured = arrangeCells(cells, units, (pair, condition, unit) =>
    valueAt(sides[condition].data, pair * units + unit),
  );
  const design = { objects: cells.rows.length, grades: cells.grades };
  const effects = crossedEffects(measured, design);
  const slopes = await testSlopes(objectSlopes(measured, design), effects, {
    flips,
    seed,
    signal,
    onProgress,
  });
  const slopeP = slopes === null ? new Float64Array(units).fill(1) : singleStepMaxT(effects.slope, slopes);
  const order =
    cells.grades.length < 3 ? null : await levelOrderNull(measured, { ...design, alpha: ALPHA, signal });
  return { name, records, effects, slopes, slopeP, order, follows: classifyUnits(effects, slopeP, order) };
}

async function testSlopes(
  slopes: Matrix,
  { slope }: CrossedEffects,
  { flips, seed, signal, onProgress }: FlipOptions,
): Promise<SignFlipNull | null> {
  const [rows, units] = slopes.shape;
  if (slope.degenerateUnits.length === units) return null;
  const isExact = flips === "exact" ? rows <= MOST_PAIRS_ENUMERATED : rows <= MOST_ROWS_EXACT;
  const labellings = isExact ? { exact: true } : flips === "exact" ? {} : { flips };
  return signFlipNull(slopes, { ...labellings, seed, thresholds: [3, 5], signal, onProgress });
}

function classifyUnits(
  { slopeHeterogeneity, levelEffect, degenerateUnits }: CrossedEffects,
  slopeP: Float64Array,
  order: LevelOrderNull | null,
): UnitResponse[] {
  const holm = (p: Float64Array): Float64Array => adjustPValues(p, "holm", { exclude: degenerateUnits });
  const rowsP = slopeHeterogeneity === null ? null : holm(slopeHeterogeneity.p);
  const levelsP = holm(levelEffect.p);
  return Array.from(slopeP, (p, unit): UnitResponse => {
    const isOrdered = order === null || valueAt(order.p, unit) <= ALPHA;
    if (p <= ALPHA && isOrdered) return "grade";
    if (rowsP !== null && valueAt(rowsP, unit) <= ALPHA) return "rows";
    return valueAt(levelsP, unit) <= ALPHA ? "levels" : "none";
  });
}

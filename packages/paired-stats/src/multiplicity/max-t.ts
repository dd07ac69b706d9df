import { setImmediate } from "node:timers/promises";
import { chooseLabellings } from "../flips/labellings.ts";
import { countReaching, pOfRank } from "../flips/null-distribution.ts";
import { patternGroups, selectRows, tableRows } from "../flips/pattern-groups.ts";
import { scoreLabelling, tabulate } from "../flips/score-tile.ts";
import { SIGN_FLIP_OPTIONS, type SignFlipNull, type SignFlipOptions } from "../flips/sign-flip-null.ts";
import { observedScores, tileUnits, TILE_UNITS, type UnitTiles } from "../flips/unit-tiles.ts";
import type { Matrix } from "../matrix.ts";
import { checkFlips, checkOptions } from "../options.ts";
import { unitT, type PairedT } from "../paired-t.ts";
import { PairedStatsError } from "../paired-stats-error.ts";
import { integerAt, itemAt, valueAt } from "../reading.ts";

/**
 * Family-wise p-values by the single-step max-T procedure: each unit's |t| against the null of the greatest |t|.
 *
 * @param result - the paired t of all units.
 * @param signFlips - the sign-flip null of the same differences.
 * @returns one probability per unit; 1 for degenerate units.
 * @throws {@link PairedStatsError} `shape-mismatch` if the two do not come from the same units.
 * @see Westfall & Young (1993), Resampling-Based Multiple Testing, chapter 2; Nichols & Holmes (2002).
 * @example
 * const familyWiseP = singleStepMaxT(pairedT(differences), await signFlipNull(differences, { flips: 10_000 }));
 */
export function singleStepMaxT(result: PairedT, signFlips: SignFlipNull): Float64Array {
  const { maximum, exact, degenerateUnits, testedUnits } = signFlips;
  if (testedUnits + degenerateUnits.length !== result.t.length)
    throw new PairedStatsError(
      "shape-mismatch",
      `expected the null of the same ${result.t.length} units, got one of ${testedUnits + degenerateUnits.length}`,
      { units: result.t.length },
    );
  const sorted = Float64Array.from(maximum.null.values).sort();
  const degenerate = new Set(degenerateUnits);
  return result.leastTiedT.map((least, unit) =>
    degenerate.has(unit) ? 1 : pOfRank(countReaching(sorted, least), sorted.length, exact),
  );
}

/** Labellings between two looks at the abort signal. */
const PORTION = 1024;

/**
 * Family-wise p-values by the step-down max-T procedure: never larger than the single-step ones, since a unit competes
 * only with the units whose observed |t| is no greater than its own. Units that tie have the same p.
 *
 * @param differences - `[pairs, units]`, two pairs or more.
 * @param options - the labellings, as for {@link signFlipNull}; computed in the calling thread.
 * @returns one probability per unit; 1 for degenerate units.
 * @throws {@link PairedStatsError} as {@link signFlipNull}. An aborted signal rejects with its reason.
 * @see Westfall & Young (1993), algorithm 4.1; Ge, Dudoit & Speed (2003), Test 12, 1, box 2.
 */
export async function stepDownMaxT(
  differences: Matrix,
  options: SignFlipOptions = {},
): Promise<Float64Array> {
  checkOptions(options, SIGN_FLIP_OPTIONS);
  const { flips = 200, seed = 0, signs, exact = false, onProgress, signal } = options;
  checkFlips(flips, seed);
  signal?.throwIfAborted();
  const { testedUnits } = unitT(differences);
  const [pairs, columns] = differences.shape;
  if (testedUnits.length === 0)
    throw new PairedStatsError(
      "degenerate",
      "differences: expected a unit that varies between pairs, got none",
      { units: columns },
    );
  const labellings = chooseLabellings(pairs, { flips, seed, signs, exact });
  const least = leastReaching(tileUnits(differences, testedUnits));
  const ascending = [...testedUnits.keys()]
    .sort((left, right) => valueAt(least, left) - valueAt(least, right))
    .map((place) => itemAt(testedUnits, place));

  const tiles = tileUnits(differences, ascending);
  const groups = patternGroups(pairs);
  const table = new Float64Array(tableRows(groups) * TILE_UNITS);
  const tileLength = pairs * TILE_UNITS;
  const leasts = leastReaching(tiles);
  const reached = new Uint32Array(leasts.length);
  for (let done = 0; done < labellings.count;) {
    const count = Math.min(PORTION, labellings.count - done);
    const rows = new Uint32Array(count * groups.length);
    selectRows(labellings, done, 1, groups, rows);
    const highest = new Float64Array(count); // of the units so far, from the least observed up
    for (let tile = 0; tile < tiles.tiles; tile += 1) {
      tabulate(tiles.data.subarray(tile * tileLength, (tile + 1) * tileLength), groups, table);
      const first = tile * TILE_UNITS;
      raiseTile(
        table,
        rows,
        groups.length,
        leasts.subarray(first, first + TILE_UNITS),
        highest,
        reached,
        first,
      );
    }
    done += count;
    onProgress?.({ done, total: labellings.count });
    await setImmediate();
    signal?.throwIfAborted();
  }

  const p = new Float64Array(columns).fill(1);
  let bound = 0;
  for (let rank = ascending.length - 1; rank >= 0; rank -= 1) {
    bound = Math.max(bound, pOfRank(integerAt(reached, rank), labellings.count, exact));
    p[itemAt(ascending, rank)] = bound;
  }
  return p;
}

/** Walks one tile's units upwards under a portion of labellings: how often the highest score so far reaches each. */
function raiseTile(
  table: Float64Array,
  rows: Uint32Array,
  groups: number,
  leasts: Float64Array,
  highest: Float64Array,
  reached: Uint32Array,
  firstUnit: number,
): void {
  const scores = new Float64Array(TILE_UNITS);
  for (let labelling = 0; labelling < highest.length; labelling += 1) {
    scoreLabelling(table, rows, groups, labelling, scores);
    let top = valueAt(highest, labelling);
    for (let unit = 0; unit < TILE_UNITS; unit += 1) {
      top = Math.max(top, valueAt(scores, unit));
      if (top >= valueAt(leasts, unit)) reached[firstUnit + unit] = integerAt(reached, firstUnit + unit) + 1;
    }
    highest[labelling] = top;
  }
}

/** Per place of the tiles, the least score that reaches the observed one: ties count as reached. */
function leastReaching(tiles: UnitTiles): Float64Array {
  return observedScores(tiles).map((score, place) => score - valueAt(tiles.margins, place));
}

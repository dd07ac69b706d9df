import { integerAt, valueAt } from "../reading.ts";
import type { PatternGroup } from "./pattern-groups.ts";
import { TILE_UNITS } from "./unit-tiles.ts";

/** What a portion of labellings does, over the tiles scored so far. */
export interface PortionScores {
  /** `[labellings, thresholds]`: how many units score above their limit. */
  readonly counts: Uint32Array;
  /** `[labellings]`: the highest score of any unit. */
  readonly maxima: Float64Array;
}

/**
 * Tabulates the signed sums of one tile: row `firstRow + pattern` of a group holds, for each of the 16 units, the sum
 * of the group's pairs with those flipped whose bit is set in the pattern, added in the order of the pairs.
 *
 * @param tile - `[pairs, 16]`.
 * @param table - receives `[rows, 16]`.
 */
export function tabulate(tile: Float64Array, groups: readonly PatternGroup[], table: Float64Array): void {
  for (const { firstPair, pairs, firstRow } of groups) {
    const start = firstRow * TILE_UNITS;
    table.fill(0, start, start + TILE_UNITS);
    for (let pair = 0; pair < pairs; pair += 1) {
      const half = TILE_UNITS << pair; // the values tabulated so far; as many follow with this pair flipped
      const from = (firstPair + pair) * TILE_UNITS;
      for (let at = 0; at < half; at += 1) {
        const sum = valueAt(table, start + at);
        const value = valueAt(tile, from + (at % TILE_UNITS));
        table[start + half + at] = sum - value;
        table[start + at] = sum + value;
      }
    }
  }
}

/**
 * Adds up one labelling of one tile.
 *
 * @param table - `[rows, 16]`, from {@link tabulate}.
 * @param rows - `[labellings, groups]`, the table rows of each labelling.
 * @param scores - receives the 16 scores.
 */
export function scoreLabelling(
  table: Float64Array,
  rows: Uint32Array,
  groups: number,
  labelling: number,
  scores: Float64Array,
): void {
  scores.fill(0);
  for (let group = groups - 1; group >= 0; group -= 1) {
    const start = integerAt(rows, labelling * groups + group) * TILE_UNITS;
    for (let unit = 0; unit < TILE_UNITS; unit += 1)
      scores[unit] = valueAt(scores, unit) + valueAt(table, start + unit);
  }
  for (let unit = 0; unit < TILE_UNITS; unit += 1) scores[unit] = Math.abs(valueAt(scores, unit));
}

/**
 * Scores one tile under a portion of labellings: the plain reference of assembly/flip-kernel.ts, equal to it bit by bit.
 *
 * @param table - `[rows, 16]`, from {@link tabulate}.
 * @param rows - `[labellings, groups]`, the table rows of each labelling.
 * @param limits - `[thresholds, 16]`: units are counted that score higher.
 * @param portion - added to: counts grow, maxima rise.
 */
export function scoreTile(
  table: Float64Array,
  rows: Uint32Array,
  groups: number,
  limits: Float64Array,
  { counts, maxima }: PortionScores,
): void {
  const scores = new Float64Array(TILE_UNITS);
  const labellings = rows.length / groups;
  const thresholds = limits.length / TILE_UNITS;
  for (let labelling = 0; labelling < labellings; labelling += 1) {
    scoreLabelling(table, rows, groups, labelling, scores);
    let highest = 0;
    for (const score of scores) highest = Math.max(highest, score);
    maxima[labelling] = Math.max(valueAt(maxima, labelling), highest);
    for (let threshold = 0; threshold < thresholds; threshold += 1) {
      let above = 0;
      for (let unit = 0; unit < TILE_UNITS; unit += 1)
        if (valueAt(scores, unit) > valueAt(limits, threshold * TILE_UNITS + unit)) above += 1;
      const at = labelling * thresholds + threshold;
      counts[at] = integerAt(counts, at) + above;
    }
  }
}

import { itemAt } from "../reading.ts";
import type { Labellings } from "./labellings.ts";

/**
 * Pairs taken together: a group of k pairs has 2^k sign patterns, and the signed sums of a unit over the group are
 * tabulated once, so that a labelling costs one addition per group instead of one per pair.
 */
export interface PatternGroup {
  /** The group's first pair. */
  readonly firstPair: number;
  /** How many pairs follow each other in it. */
  readonly pairs: number;
  /** Where the group's 2^pairs rows begin in the table of all groups. */
  readonly firstRow: number;
}

/** Larger groups save additions, smaller ones keep the table near the processor: 7 (4 groups for 25) measured best. */
const MOST_PAIRS_IN_GROUP = 7;

/** Splits the pairs into groups of nearly equal size. */
export function patternGroups(pairs: number): readonly PatternGroup[] {
  const count = Math.ceil(pairs / MOST_PAIRS_IN_GROUP);
  const groups: PatternGroup[] = [];
  for (let group = 0, firstPair = 0, firstRow = 0; group < count; group += 1) {
    const size = Math.ceil((pairs - firstPair) / (count - group));
    groups.push({ firstPair, pairs: size, firstRow });
    firstPair += size;
    firstRow += 2 ** size;
  }
  return groups;
}

/** How many rows the table of all groups has. */
export function tableRows(groups: readonly PatternGroup[]): number {
  const last = itemAt(groups, groups.length - 1);
  return last.firstRow + 2 ** last.pairs;
}

/**
 * Writes down the table rows that labellings select.
 *
 * @param first - the first labelling of the portion; every `step`-th one from there is taken.
 * @param rows - receives `[labellings, groups]`: the row of the table that each group's pattern selects.
 */
export function selectRows(
  labellings: Labellings,
  first: number,
  step: number,
  groups: readonly PatternGroup[],
  rows: Uint32Array,
): void {
  for (let at = 0, labelling = first; at < rows.length; labelling += step)
    for (const { firstPair, pairs, firstRow } of groups) {
      let pattern = 0;
      for (let pair = 0; pair < pairs; pair += 1)
        if (labellings.flips(labelling, firstPair + pair)) pattern |= 1 << pair;
      rows[at] = firstRow + pattern;
      at += 1;
    }
}

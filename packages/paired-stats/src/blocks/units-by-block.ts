import { PairedStatsError } from "../paired-stats-error.ts";

/**
 * The units of each block, the blocks in the order in which they first occur.
 *
 * @param blocks - one block label per unit, in the order of the units.
 * @throws {@link PairedStatsError} `shape-mismatch` unless there is one label per unit.
 */
export function unitsByBlock(
  blocks: readonly string[],
  units: number,
): ReadonlyMap<string, readonly number[]> {
  if (blocks.length !== units)
    throw new PairedStatsError(
      "shape-mismatch",
      `blocks: expected ${units} labels, one per unit, got ${blocks.length}`,
      { units, labels: blocks.length },
    );
  const members = new Map<string, number[]>();
  for (const [unit, block] of blocks.entries()) {
    const list = members.get(block);
    if (list) list.push(unit);
    else members.set(block, [unit]);
  }
  return members;
}

import { checkOptions, checkThreshold } from "../options.ts";
import type { PairedT } from "../paired-t.ts";
import { median } from "../quantile.ts";
import { valueAt } from "../reading.ts";
import { unitsByBlock } from "./units-by-block.ts";

/** Options of {@link summarizeByBlock}. */
export interface SummarizeByBlockOptions {
  /** Units are counted whose |t| is strictly greater. */
  readonly threshold?: number;
}

/** What the units of one block show together. Degenerate units are counted apart and enter nothing else. */
export interface BlockSummary {
  /** The block's label. */
  readonly block: string;
  /** Units with a t (not degenerate). */
  readonly units: number;
  /** Degenerate units. */
  readonly degenerateUnits: number;
  /** Units with |t| over the threshold, by more than a tie. */
  readonly overThreshold: number;
  /** `overThreshold / units`; 0 for a block of degenerate units only. */
  readonly share: number;
  /** The greatest |t|; 0 for a block of degenerate units only. */
  readonly maxAbsT: number;
  /** The unit that has it (its column), or −1 for a block of degenerate units only. */
  readonly maxAbsTUnit: number;
  /** Median of |d_z|; 0 for a block of degenerate units only. */
  readonly medianAbsDz: number;
}

/**
 * Summaries per block of units, strongest first: by share over the threshold, then by the greatest |t|, then in the
 * order in which the blocks first occur.
 *
 * @param result - the paired t of all units.
 * @param blocks - one block label per unit, in the order of the units.
 * @throws {@link PairedStatsError} `shape-mismatch` unless there is one label per unit, `invalid-argument` for an invalid threshold.
 * @example
 * summarizeByBlock(pairedT(differences), ["joint.0", "joint.0", "single.0"], { threshold: 3 })[0].block;
 */
export function summarizeByBlock(
  { t, leastTiedT, cohensDz, degenerateUnits }: PairedT,
  blocks: readonly string[],
  options: SummarizeByBlockOptions = {},
): readonly BlockSummary[] {
  checkOptions(options, ["threshold"]);
  const { threshold = 3 } = options;
  checkThreshold(threshold);
  const degenerate = new Set(degenerateUnits);
  return Array.from(unitsByBlock(blocks, t.length), ([block, all]) => {
    const units = all.filter((unit) => !degenerate.has(unit));
    const absT = units.map((unit) => Math.abs(valueAt(t, unit)));
    const overThreshold = units.filter((unit) => valueAt(leastTiedT, unit) > threshold).length;
    const maxAbsT = absT.reduce((highest, value) => Math.max(highest, value), 0);
    return {
      block,
      units: units.length,
      degenerateUnits: all.length - units.length,
      overThreshold,
      share: units.length === 0 ? 0 : overThreshold / units.length,
      maxAbsT,
      maxAbsTUnit: units[absT.indexOf(maxAbsT)] ?? -1,
      medianAbsDz: units.length === 0 ? 0 : median(units.map((unit) => Math.abs(valueAt(cohensDz, unit)))),
    };
  }).sort((left, right) => right.share - left.share || right.maxAbsT - left.maxAbsT);
}

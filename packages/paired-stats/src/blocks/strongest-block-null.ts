import { countReaching, pOfRank, testAgainstNull, type Tested } from "../flips/null-distribution.ts";
import { SIGN_FLIP_OPTIONS, signFlipNull, type SignFlipOptions } from "../flips/sign-flip-null.ts";
import type { Matrix } from "../matrix.ts";
import { checkOptions, checkThreshold } from "../options.ts";
import { unitT } from "../paired-t.ts";
import { PairedStatsError } from "../paired-stats-error.ts";
import { itemAt } from "../reading.ts";
import { selectUnits } from "../select.ts";
import { unitsByBlock } from "./units-by-block.ts";

/** Options of {@link strongestBlockNull}. */
export interface StrongestBlockNullOptions extends SignFlipOptions {
  /** Units are counted whose |t| is strictly greater. */
  readonly threshold?: number;
}

/** The units of one block over the threshold, against chance. */
export interface BlockNull {
  /** The block's label. */
  readonly block: string;
  /** Units with a t (not degenerate). */
  readonly units: number;
  /** Of them, the number over the threshold, against the block's own null. */
  readonly count: Tested;
  /** The observed count over `units`. */
  readonly share: number;
  /** The share against the null of the greatest share of any block: corrected for the number of blocks. */
  readonly familyWiseP: number;
}

/** What the blocks show when the labels mean nothing, each by itself and the strongest of all. */
export interface StrongestBlockNull {
  /** How many labellings the nulls are made of. */
  readonly labellings: number;
  /** The blocks in the order in which they first occur; those of degenerate units only are left out. */
  readonly blocks: readonly BlockNull[];
  /** The greatest share over the threshold of any block. */
  readonly maximum: Tested;
}

/**
 * Tests the share of units over a threshold in every block, and the greatest share of any block, against the same sign
 * flips. The block of the greatest share was chosen after looking, so only the null of the greatest share tests it.
 *
 * Blocks of few units have wider nulls, which the maximum follows: they make the others' family-wise p larger.
 *
 * @param differences - `[pairs, units]`, two pairs or more.
 * @param blocks - one block label per unit, in the order of the units.
 * @throws {@link PairedStatsError} as {@link signFlipNull}, and `shape-mismatch` unless there is one label per unit.
 * @see Westfall & Young (1993), chapter 2; Nichols & Holmes (2002), Hum. Brain Mapp. 15, 1 (single-step maximum).
 * @example
 * const { blocks, maximum } = await strongestBlockNull(differences, ["joint.0", "joint.0", "single.0"], { flips: 999 });
 * maximum.p; // of the greatest share
 */
export async function strongestBlockNull(
  differences: Matrix,
  blocks: readonly string[],
  options: StrongestBlockNullOptions = {},
): Promise<StrongestBlockNull> {
  checkOptions(options, [...SIGN_FLIP_OPTIONS, "threshold"]);
  const { threshold = 3, onProgress, ...flipping } = options;
  checkThreshold(threshold);
  const [, total] = differences.shape;
  const members = unitsByBlock(blocks, total);
  const degenerate = new Set(unitT(differences).degenerateUnits);
  const counted: { block: string; units: number; count: Tested }[] = [];
  let before = 0;
  for (const [block, all] of members) {
    const units = all.filter((unit) => !degenerate.has(unit));
    if (units.length > 0) {
      const { thresholds } = await signFlipNull(selectUnits(differences, units), {
        ...flipping,
        thresholds: [threshold],
        onProgress: (share) =>
          onProgress?.({ done: before + (all.length * share.done) / share.total, total }),
      });
      counted.push({ block, units: units.length, count: itemAt(thresholds, 0) });
    }
    before += all.length;
  }
  if (counted.length === 0)
    throw new PairedStatsError(
      "degenerate",
      "differences: expected a unit that varies between pairs, got none",
      { units: total },
    );
  const greatest = greatestShares(counted);
  const exact = flipping.exact === true;
  const sorted = Float64Array.from(greatest).sort();
  const rows = counted.map(({ block, units, count }): BlockNull => {
    const share = count.observed / units;
    const familyWiseP = pOfRank(countReaching(sorted, share), sorted.length, exact);
    return { block, units, count, share, familyWiseP };
  });
  const observed = rows.reduce((most, { share }) => Math.max(most, share), 0);
  return {
    labellings: greatest.length,
    blocks: rows,
    maximum: testAgainstNull(observed, greatest, exact),
  };
}

/** Under each labelling, the greatest share of any block: equal ratios of counts are equal numbers. */
function greatestShares(counted: readonly { units: number; count: Tested }[]): Float64Array {
  const greatest = new Float64Array(counted[0]?.count.null.values.length ?? 0);
  for (const { units, count } of counted)
    for (const [labelling, over] of count.null.values.entries())
      greatest[labelling] = Math.max(greatest[labelling] ?? 0, over / units);
  return greatest;
}

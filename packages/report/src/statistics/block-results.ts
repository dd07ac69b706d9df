import type { UnitRecord } from "@measure-plantain/probe";
import {
  type BlockStability,
  type BlockSummary,
  type Matrix,
  type PairedT,
  rankStability,
  strongestBlockNull,
  summarizeByBlock,
  type Tested,
} from "@measure-plantain/paired-stats";
import { divideProgress } from "./divide-progress.ts";
import type { FlipOptions } from "./flip-options.ts";

/** What the units of one block show together, and what they show when the labels mean nothing. */
export interface BlockResult extends BlockSummary {
  /** The number of units over the threshold against its null; `null` if none of the block's units varies. */
  readonly count: Tested | null;
  /** The block's share against the null of the greatest share of any block; `null` with `count`. */
  readonly familyWiseP: number | null;
  /** How often the block ranks high when the pairs are resampled; `null` if nothing varies. */
  readonly stability: Omit<BlockStability, "block"> | null;
}

/** The blocks, and whether one of them is the strongest beyond chance. */
export interface BlockRanking {
  /** Strongest first. */
  readonly blocks: readonly BlockResult[];
  /** What tests the first of them; `null` if nothing varies. */
  readonly strongestBlock: StrongestBlockResult | null;
}

/** The greatest share of any block, and the resamples in which the blocks were ranked. */
export interface StrongestBlockResult {
  /** The greatest share over the threshold of any block, against its null under the same flips. */
  readonly share: Tested;
  /** The resamples of the pairs in which something varies, so that the blocks have a ranking. */
  readonly resamples: number;
}

/** What {@link rankBlocks} reads of a granularity. */
interface Units {
  readonly records: readonly UnitRecord[];
  readonly differences: Matrix;
  readonly pairedT: PairedT;
}

/** How the blocks are counted and their nulls made. */
interface RankOptions extends FlipOptions {
  readonly threshold: number;
}

/** Random flips per block where the null of all units takes every labelling: enough for a band in a figure. */
const FLIPS_BESIDE_EXACT = 10_000;
/** Resamples of the pairs: a share of them is known to 3 % or better. */
const RESAMPLES = 1_000;
/** About how long the null and the resamples take. */
const WEIGHTS = [1, 5];
/** About how long ranking takes, in units of the null of all units. */
export const RANKING_WEIGHT: number = WEIGHTS.reduce((sum, weight) => sum + weight, 0);

/**
 * Summarises the units block by block, strongest first: each block with its own null, all over the same labellings; the
 * greatest share of any block under these; and the ranking under resampled pairs.
 */
export async function rankBlocks(
  { records, differences, pairedT }: Units,
  { threshold, flips, seed, signal, onProgress }: RankOptions,
): Promise<BlockRanking> {
  const labels = records.map(({ block }) => block);
  const summaries = summarizeByBlock(pairedT, labels, { threshold });
  if (summaries.every(({ units }) => units === 0))
    return {
      blocks: summaries.map((summary) => ({ ...summary, count: null, familyWiseP: null, stability: null })),
      strongestBlock: null,
    };
  const [ofNull, ofResamples] = divideProgress(onProgress, WEIGHTS);
  const tested = await strongestBlockNull(differences, labels, {
    threshold,
    flips: flips === "exact" ? FLIPS_BESIDE_EXACT : flips,
    seed,
    signal,
    onProgress: ofNull,
  });
  const ranked = await rankStability(differences, labels, {
    threshold,
    resamples: RESAMPLES,
    seed,
    signal,
    onProgress: ofResamples,
  });
  const nulls = new Map(tested.blocks.map((block) => [block.block, block]));
  const stabilities = new Map(ranked.blocks.map(({ block, ...stability }) => [block, stability]));
  return {
    blocks: summaries.map((summary) => {
      const { count = null, familyWiseP = null } = nulls.get(summary.block) ?? {};
      return { ...summary, count, familyWiseP, stability: stabilities.get(summary.block) ?? null };
    }),
    strongestBlock: { share: tested.maximum, resamples: ranked.rankedResamples },
  };
}

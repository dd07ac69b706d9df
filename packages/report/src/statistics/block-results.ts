import type { UnitRecord } from "@measure-plantain/probe";
import {
  type BlockSummary,
  type Matrix,
  type PairedT,
  selectUnits,
  signFlipNull,
  summarizeByBlock,
  type Tested,
} from "@measure-plantain/paired-stats";
import { divideProgress } from "./divide-progress.ts";
import type { FlipOptions } from "./flip-options.ts";

/** What the units of one block show together, and what they show when the labels mean nothing. */
export interface BlockResult extends BlockSummary {
  /** The number of units over the threshold against its null; `null` if none of the block's units varies. */
  readonly count: Tested | null;
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

/** Summarises the units block by block, strongest first, each block with its own null over the same labellings. */
export async function rankBlocks(
  { records, differences, pairedT }: Units,
  { threshold, flips, seed, signal, onProgress }: RankOptions,
): Promise<readonly BlockResult[]> {
  const blocks = records.map(({ block }) => block);
  const results: BlockResult[] = [];
  const summaries = summarizeByBlock(pairedT, blocks, { threshold });
  const ofEach = divideProgress(
    onProgress,
    summaries.map(() => 1),
  );
  for (const [place, summary] of summaries.entries()) {
    const tested =
      summary.units === 0
        ? undefined
        : await signFlipNull(selectUnits(differences, unitsOfBlock(blocks, summary.block)), {
            thresholds: [threshold],
            flips: flips === "exact" ? FLIPS_BESIDE_EXACT : flips,
            seed,
            signal,
            onProgress: ofEach[place],
          });
    results.push({ ...summary, count: tested?.thresholds[0] ?? null });
  }
  return results;
}

function unitsOfBlock(blocks: readonly string[], block: string): readonly number[] {
  return Array.from(blocks.keys()).filter((unit) => blocks[unit] === block);
}

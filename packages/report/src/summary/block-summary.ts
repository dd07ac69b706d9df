import type { Analysis } from "../statistics/analyze-captures.ts";
import { ALPHA } from "../statistics/alpha.ts";
import { summarizeTested, type TestedSummary } from "./granularity-summary.ts";

/** One block, counted in groups. */
export interface BlockRow {
  /** Its path, as `single.2`. */
  readonly block: string;
  /** Groups that vary between the pairs. */
  readonly testedUnits: number;
  /** Groups over `blockThreshold`. */
  readonly overThreshold: number;
  /** `overThreshold / testedUnits`. */
  readonly share: number;
  /** 99th percentile of the share when the labels mean nothing; `null` if nothing varies. */
  readonly nullP99Share: number | null;
  /** The share against the null of the greatest share of any block; `null` if nothing varies. */
  readonly familyWiseP: number | null;
  /** The share of resamples of the pairs in which the block is first; `null` if nothing varies. */
  readonly first: number | null;
  /** The share of resamples of the pairs in which it is among the first three; `null` if nothing varies. */
  readonly topThree: number | null;
  /** The greatest |t|. */
  readonly maxAbsT: number;
  /** The unit of the greatest |t|; `null` if nothing varies. */
  readonly strongestUnit: string | null;
  /** The median of |Cohen's d_z| over its groups. */
  readonly medianAbsDz: number;
}

/** The block of the largest share, and whether it is the strongest beyond chance. */
export interface StrongestBlockSummary {
  /** Its path, as `single.2`. */
  readonly block: string;
  /** The greatest share of any block against its null under the same flips. */
  readonly share: TestedSummary;
  /** How many resamples of the pairs were ranked. */
  readonly resamples: number;
  /** The share of them in which it is first. */
  readonly first: number;
  /** The share of them in which it is among the first three. */
  readonly topThree: number;
  /** Whether it may be called the strongest: the p of the share is at most 0.05, and it is first in 95 % of the resamples. */
  readonly isStrongest: boolean;
}

/** The blocks by their groups, strongest first. */
export function summarizeBlocks({ blocks, granularities }: Analysis): BlockRow[] {
  const groups = granularities.find(({ name }) => name === "group");
  return blocks.map((result) => {
    const { block, units, overThreshold, share, count, familyWiseP, stability } = result;
    return {
      block,
      testedUnits: units,
      overThreshold,
      share,
      nullP99Share: count === null ? null : count.null.p99 / units,
      familyWiseP,
      first: stability?.first ?? null,
      topThree: stability?.topThree ?? null,
      maxAbsT: result.maxAbsT,
      strongestUnit: groups?.records[result.maxAbsTUnit]?.address ?? null,
      medianAbsDz: result.medianAbsDz,
    };
  });
}

/** The block of the largest share; `null` if nothing varies or there is nothing to compare it with. */
export function summarizeStrongestBlock({ blocks, strongestBlock }: Analysis): StrongestBlockSummary | null {
  const [first] = blocks;
  if (strongestBlock === null || blocks.length < 2 || !first?.stability) return null;
  const { share, resamples } = strongestBlock;
  return {
    block: first.block,
    share: summarizeTested(share),
    resamples,
    ...first.stability,
    isStrongest: share.p <= ALPHA && first.stability.first >= 1 - ALPHA,
  };
}

import type { Summary } from "../summary/summary.ts";
import { formatCount, formatP, formatShare } from "./format-number.ts";

/** One sentence on the block of the largest share: how large it is, against chance, and under resampled pairs. */
export function describeStrongestBlock({
  strongestBlock,
  blockThreshold,
}: Pick<Summary, "strongestBlock" | "blockThreshold">): string | null {
  if (strongestBlock === null) return null;
  const { block, share, resamples, first, topThree } = strongestBlock;
  return (
    `${block} has the largest share of groups over |t| = ${blockThreshold} (${formatShare(share.observed)}); ` +
    `family-wise p = ${formatP(share.p)} (99th percentile of the largest share of any block under the sign flips ` +
    `${formatShare(share.nullP99)}); it stays first in ${formatShare(first)} of ${formatCount(resamples)} resamples of ` +
    `the pairs, and among the first three in ${formatShare(topThree)}.`
  );
}

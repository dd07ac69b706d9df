import type { Conclusions, Summary } from "../summary/summary.ts";
import { describeStrongestBlock } from "../text/describe-strongest-block.ts";

/** Says which block is the strongest, or that the run does not show which is; nothing for a single block. */
export function concludeFromBlocks(
  summary: Pick<Summary, "strongestBlock" | "blockThreshold">,
): Pick<Conclusions, "may" | "mayNot"> {
  const { strongestBlock } = summary;
  const described = describeStrongestBlock(summary);
  if (strongestBlock === null || described === null) return { may: [], mayNot: [] };
  return strongestBlock.isStrongest
    ? { may: [`The strongest block is ${strongestBlock.block}: ${described}`], mayNot: [] }
    : {
        may: [],
        mayNot: [
          `Which block is the strongest is not shown: ${described} A block is called the strongest at p ≤ 0.05 and first in ` +
            `95.0 % of the resamples.`,
        ],
      };
}

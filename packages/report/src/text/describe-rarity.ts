import type { PromptSet, PromptSetAudit } from "@measure-plantain/prompts";
import { formatCount, formatT } from "./format-number.ts";
import type { WordCountsRecord } from "@measure-plantain/probe";

/** What a sentence about rarity names. */
export interface RarityNames {
  /** Of the two sides. */
  readonly labels: PromptSet["labels"];
  /** The list that the audit went by. */
  readonly wordCounts?: WordCountsRecord | undefined;
}

/** Which side of the pairs has the rarer words, and by which list, in sentences; none if no list was given. */
export function describeRarity(
  { wordClass }: PromptSetAudit["direction"],
  { labels, wordCounts }: RarityNames,
): string[] {
  if (wordClass === undefined) return [];
  const { aLonger, bLonger, equal, meanDifference } = wordClass;
  const pairs = aLonger + bLonger + equal;
  const direction =
    `Rarer words: ${labels.a} in ${formatCount(aLonger)} of ${formatCount(pairs)} pairs, ${labels.b} in ${formatCount(bLonger)}, ` +
    `neither in ${formatCount(equal)} (frequency class b − a: ${formatT(meanDifference)} on average).`;
  if (wordCounts === undefined) return [direction];
  const { file, words, sha256 } = wordCounts;
  return [
    direction,
    `A word of class n is 2ⁿ times rarer than the most frequent of ${formatCount(words)} words in ${file} (SHA-256 ${sha256}).`,
  ];
}

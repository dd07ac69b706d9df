import type { Conclusions, Summary } from "../summary/summary.ts";
import { compareWithEmbedding, describeTransfer } from "../text/crossed-texts.ts";

/** What a crossed set allows to say of an axis, and what it does not; nothing if the set is not crossed. */
export function concludeFromCrossed({ crossed }: Pick<Summary, "crossed">): Conclusions {
  if (crossed === null) return { may: [], mayNot: [] };
  const { transfers } = crossed;
  const sentences = (isAxis: boolean): string[] =>
    transfers
      .filter(({ kind, verdict }) => kind !== "embedding" && (verdict === "axis") === isAxis)
      .map((transfer) => describeTransfer(crossed, transfer));
  const comparison = compareWithEmbedding(crossed);
  const isFound = sentences(true).length > 0;
  return {
    may: [...sentences(true), ...(isFound && comparison !== null ? [comparison] : [])],
    mayNot: [...sentences(false), ...(!isFound && comparison !== null ? [comparison] : [])],
  };
}

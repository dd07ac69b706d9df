import type { Summary } from "../summary/summary.ts";
import { compareWithEmbedding, describeTransfer, followsNames, responseNames } from "./crossed-texts.ts";
import { formatCount, formatP, formatShare, formatT } from "./format-number.ts";
import { titleGranularity } from "./granularity-names.ts";
import { formatList, formatTable } from "./markdown.ts";

/** The section of a crossed set; nothing if the set is not crossed. */
export function formatCrossed({ crossed }: Pick<Summary, "crossed">): string[] {
  if (crossed === null) return [];
  const { transfers, granularities } = crossed;
  const comparison = compareWithEmbedding(crossed);
  return [
    "## Is it one axis?",
    `${crossed.rows.length} rows (${crossed.rows.join(", ")}) at ${crossed.levels.length} levels of ${crossed.contrast}. A direction is ` +
      "found on all rows but one, and the levels of that one are scored on it.",
    formatList([
      ...transfers.map((transfer) => describeTransfer(crossed, transfer)),
      ...(comparison === null ? [] : [comparison]),
    ]),
    formatTable(
      ["response", "r", "p", "p of the order", "cosine", "p", "strongest set", "r", "family-wise p"],
      transfers.map(({ kind, whole, strongest }) => [
        responseNames[kind],
        formatT(whole.r),
        formatP(whole.p),
        whole.orderP === null ? "–" : formatP(whole.orderP),
        formatT(whole.consistency),
        formatP(whole.consistencyP),
        ...(strongest === null
          ? ["–", "–", "–"]
          : [`\`${strongest.address}\``, formatT(strongest.r), formatP(strongest.familyWiseP)]),
      ]),
    ),
    `What the root mean square of each unit follows, at a family-wise error of ${crossed.alpha}, and what its sum of squares is made of ` +
      "(medians over the units):",
    formatTable(
      ["units", "tested", ...Object.values(followsNames), "level", "of it linear", "row", "interaction"],
      granularities.map((granularity) => [
        titleGranularity(granularity),
        formatCount(granularity.testedUnits),
        ...followsOf(granularity.follows).map(formatCount),
        ...sharesOf(granularity.shares).map(formatShare),
      ]),
    ),
  ];
}

/** The counts in the order of their names. */
export function followsOf(follows: Readonly<Record<keyof typeof followsNames, number>>): number[] {
  const { grade, rows, levels, none } = follows;
  return [grade, rows, levels, none];
}

/** The shares in the order of a table's columns. */
export function sharesOf({
  level,
  linear,
  row,
  interaction,
}: {
  readonly level: number;
  readonly linear: number;
  readonly row: number;
  readonly interaction: number;
}): number[] {
  return [level, linear, row, interaction];
}

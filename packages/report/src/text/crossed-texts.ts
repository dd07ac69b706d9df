import type { UnitResponse } from "../statistics/crossed/analyze-crossed.ts";
import type { ResponseKind } from "../statistics/crossed/analyze-transfer.ts";
import type { AxisVerdict, CrossedSummary, TransferSummary } from "../summary/crossed-summary.ts";
import { formatCount, formatMeanCount, formatP, formatT } from "./format-number.ts";

/** What the kinds of response are called. */
export const responseNames: Readonly<Record<ResponseKind, string>> = {
  strength: "strength of each group",
  signed: "signed mean of each channel",
  embedding: "prompt embedding, before the transformer",
};

/** What the columns of what units follow are called. */
export const followsNames: Readonly<Record<UnitResponse, string>> = {
  grade: "the grade, in all rows",
  rows: "it in some rows only",
  levels: "the levels in another order",
  none: "none of these",
};

/** The verdict on one kind of response, as one sentence. */
export function describeTransfer(
  { contrast, rows, alpha }: Pick<CrossedSummary, "contrast" | "rows" | "alpha">,
  { kind, verdict, whole, significant }: TransferSummary,
): string {
  const { r, p, orderP, consistency, consistencyP } = whole;
  const heads = significant.find((each) => each.kind === "head");
  const ofHeads =
    heads === undefined
      ? ""
      : ` Taken one by one, ${formatCount(heads.ordered)} of ${formatCount(heads.sets)} heads pass both tests; by chance up to ${formatMeanCount(alpha * heads.sets)} would pass the second.`;
  const figures =
    `a direction found on ${rows.length - 1} of the ${rows.length} rows orders the levels of the one left out with r = ${formatT(r)} ` +
    `in the mean (p = ${formatP(p)} against orders within rows${orderP === null ? "" : `, p = ${formatP(orderP)} against orders that all rows share`})`;
  const sentence: Readonly<Record<AxisVerdict, string>> = {
    axis: `One axis of ${contrast}, shared by the rows: ${figures}.`,
    levels:
      `No axis of ${contrast} is shown: ${figures}. The levels act on all rows alike (mean cosine ${formatT(consistency)}, ` +
      `p = ${formatP(consistencyP)}), as their wording alone would.`,
    none: `No axis of ${contrast} that the rows share is shown: ${figures}.`,
  };
  return `${capitalize(responseNames[kind])}: ${sentence[verdict]}${ofHeads}`;
}

/** What the transformer adds to what it is given, as one sentence; `null` if either was not captured. */
export function compareWithEmbedding({ transfers }: Pick<CrossedSummary, "transfers">): string | null {
  const input = transfers.find(({ kind }) => kind === "embedding");
  const own =
    transfers.find(({ kind }) => kind === "signed") ?? transfers.find(({ kind }) => kind === "strength");
  if (input === undefined || own === undefined) return null;
  const figures = `r = ${formatT(own.whole.r)} in the transformer (${responseNames[own.kind]}), ${formatT(input.whole.r)} in the prompt embedding that it is given`;
  if (input.verdict !== "axis")
    return own.verdict === "axis"
      ? `The axis is shown in the transformer and not in the text encoder's embedding: ${figures}.`
      : `Neither the transformer nor the text encoder's embedding shows an axis: ${figures}.`;
  return own.verdict === "axis"
    ? `The text encoder's embedding shows the axis already, so the transformer may only pass it on: ${figures}.`
    : `The text encoder's embedding shows an axis that the transformer's responses do not: ${figures}.`;
}

function capitalize(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}

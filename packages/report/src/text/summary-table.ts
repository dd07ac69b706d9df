import { formatCount } from "./format-number.ts";
import { describeVerdict } from "../plan/describe-plan.ts";
import { titleGranularity } from "./granularity-names.ts";
import { resultRows } from "./result-rows.ts";
import type { StrongestBlockSummary } from "../summary/block-summary.ts";
import type { Summary } from "../summary/summary.ts";
import { valueAt } from "../reading.ts";

const HEADER = ["", "observed", "share", "null mean", "null p99", "obs/p99", "p"] as const;

/**
 * The results as a table of plain text, under 80 columns wide, without a line break at its end.
 *
 * @example
 * console.log(formatSummaryTable(results.summary));
 */
export function formatSummaryTable({
  granularities,
  strongestBlock,
  checkpoint,
  notices,
  plan,
}: Summary): string {
  const sections = granularities.map((granularity) => ({
    title: `${titleGranularity(granularity)}: ${formatCount(granularity.units)}`,
    rows: resultRows(granularity).map((row) => [
      `  ${row.metric}`,
      row.observed.text,
      row.share?.text ?? "",
      row.nullMean.text,
      row.nullP99.text,
      row.observedOverP99.text,
      row.p.text,
    ]),
  }));
  const cells = [HEADER, ...sections.flatMap(({ rows }) => rows)];
  const widths = HEADER.map((_, place) => Math.max(...cells.map((row) => row[place]?.length ?? 0)));
  const line = (row: readonly string[]): string =>
    row
      .map((cell, place) =>
        place === 0 ? cell.padEnd(valueAt(widths, 0)) : cell.padStart(valueAt(widths, place)),
      )
      .join("  ");
  return [
    line(HEADER),
    ...sections.flatMap(({ title, rows }) => [
      title,
      ...(rows.length === 0 ? ["  no unit varies between the pairs"] : rows.map(line)),
    ]),
    ...(strongestBlock === null ? [] : [formatStrongestBlock(strongestBlock)]),
    ...(plan === undefined ? [] : [describeVerdict(plan)]),
    ...notices.map(({ title, text }) => `${title}: ${text}`),
    ...(checkpoint.isSynthesized ? ["Random weights: a control, not evidence about FLUX.2."] : []),
  ].join("\n");
}

function formatStrongestBlock({ block, isStrongest }: StrongestBlockSummary): string {
  return isStrongest
    ? `Strongest block: ${block}`
    : `Block of the largest share: ${block} (not shown to be the strongest)`;
}

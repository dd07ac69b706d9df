import { formatCount, formatMeanCount, formatP, formatRatio, formatShare } from "../../text/format-number.ts";
import type { ThresholdSummary } from "../../summary/granularity-summary.ts";
import { shown } from "../../text/result-rows.ts";
import { html, type Html } from "../html.ts";
import { renderNumber } from "./shown-number.ts";

/** What stands in a cell of numbers that there are none for. */
export const dash: Html = html`<td>–</td>`;
export const minorDash: Html = html`<td class="minor">–</td>`;

/** The heads of four columns for each threshold of a statistic: count, null, their ratio, p. */
export function renderThresholdHeads(statistic: string, thresholds: readonly number[]): Html[] {
  return thresholds.map(
    (threshold) =>
      html`<th scope="col">${statistic} &gt; ${threshold}</th>
        <th scope="col" class="minor">null p99</th>
        <th scope="col" class="minor">/ p99</th>
        <th scope="col">p</th>`,
  );
}

/** The cells under these heads; dashes where a threshold was not tested. */
export function renderThresholdCells(
  tested: readonly ThresholdSummary[],
  thresholds: readonly number[],
): Html[] {
  return thresholds.flatMap((threshold) => {
    const found = tested.find((candidate) => candidate.threshold === threshold);
    if (found === undefined) return [dash, minorDash, minorDash, dash];
    const { observed, share, nullP99, observedOverP99, p } = found;
    return [
      html`<td class="observed">
        ${renderNumber(shown(observed, formatCount))} (${renderNumber(shown(share, formatShare))})
      </td>`,
      html`<td class="minor">${renderNumber(shown(nullP99, formatMeanCount))}</td>`,
      html`<td class="minor">
        ${renderNumber({ value: observedOverP99, text: formatRatio(observedOverP99) })}
      </td>`,
      html`<td>${renderNumber(shown(p, formatP))}</td>`,
    ];
  });
}

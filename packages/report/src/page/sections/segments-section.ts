import type { Analysis } from "../../statistics/analyze-captures.ts";
import { formatCount, formatP, formatT } from "../../text/format-number.ts";
import type { GranularitySummary } from "../../summary/granularity-summary.ts";
import { shown } from "../../text/result-rows.ts";
import type { Summary } from "../../summary/summary.ts";
import { renderSegmentsFigure } from "../figures/segments-figure.ts";
import { html, type Html } from "../html.ts";
import { renderNumber } from "./shown-number.ts";
import { dash, renderThresholdCells, renderThresholdHeads } from "./threshold-cells.ts";

/** The groups over one part of the tokens at a time, where these were captured apart. */
export function renderSegments({ segments, granularities }: Summary, analysis: Analysis): Html | null {
  const all = granularities.find(({ name }) => name === "group");
  if (segments.length === 0 || all === undefined) return null;
  const thresholds = all.thresholds.map(({ threshold }) => threshold);
  return html`<section id="segments">
    <h2>By tokens</h2>
    <p>
      The groups once more, with their root mean squares taken over one part of the tokens: the chat template
      around the prompt (template), the words of the prompt itself (prompt), the padding behind them
      (padding), the image to be (noise), the fixed image (reference). A group that sees none of a part does
      not vary there and is not tested.
    </p>
    ${renderSegmentsFigure(analysis)}
    <div class="scroll">
      <table class="numbers">
        <thead>
          <tr>
            <th scope="col">tokens</th>
            <th scope="col" class="minor">groups tested</th>
            ${renderThresholdHeads("|t|", thresholds)}
            <th scope="col">max |t|</th>
            <th scope="col">p</th>
            <th scope="col">family-wise</th>
          </tr>
        </thead>
        <tbody>
          ${renderRow("all tokens", all, thresholds)}
          ${segments.map(({ name, groups }) => renderRow(name, groups, thresholds))}
        </tbody>
      </table>
    </div>
  </section>`;
}

function renderRow(
  name: string,
  { testedUnits, thresholds: tested, maximum, survivors }: GranularitySummary,
  thresholds: readonly number[],
): Html {
  return html`<tr data-segment="${name}">
    <th scope="row">${name}</th>
    <td class="minor">${renderNumber(shown(testedUnits, formatCount))}</td>
    ${renderThresholdCells(tested, thresholds)}
    ${
      maximum === null
        ? [dash, dash]
        : [
            html`<td>${renderNumber(shown(maximum.observed, formatT))}</td>`,
            html`<td>${renderNumber(shown(maximum.p, formatP))}</td>`,
          ]
    }
    ${survivors === null ? dash : html`<td>${renderNumber(shown(survivors.familyWise, formatCount))}</td>`}
  </tr>`;
}

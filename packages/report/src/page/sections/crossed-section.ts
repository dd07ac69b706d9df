import type { CrossedSummary, GranularityCrossed, TransferSummary } from "../../summary/crossed-summary.ts";
import type { Summary } from "../../summary/summary.ts";
import { followsOf, sharesOf } from "../../text/crossed-markdown.ts";
import {
  compareWithEmbedding,
  describeTransfer,
  followsNames,
  responseNames,
} from "../../text/crossed-texts.ts";
import { formatCount, formatP, formatShare, formatT } from "../../text/format-number.ts";
import { titleGranularity } from "../../text/granularity-names.ts";
import { shown } from "../../text/result-rows.ts";
import { drawProjection } from "../figures/projection-figure.ts";
import { drawBothWidths } from "../figures/plot-document.ts";
import { html, type Html } from "../html.ts";
import { renderNumber } from "./shown-number.ts";
import { dash } from "./threshold-cells.ts";

/** What a crossed set shows; `null` if the set is not crossed. */
export function renderCrossed({ crossed }: Pick<Summary, "crossed">): Html | null {
  if (crossed === null) return null;
  const { rows, levels, contrast, transfers, granularities, alpha } = crossed;
  const comparison = compareWithEmbedding(crossed);
  return html`<section id="axis">
    <h2>Is it one axis?</h2>
    <p>
      <bdi>${rows.join(", ")}</bdi>, each at ${levels.length} levels of <bdi>${contrast}</bdi>. A direction is
      found on all rows but one, and the levels of that one are scored on it: if the responses hold one axis
      of <bdi>${contrast}</bdi> apart from what has it, every row's scores rise with the grade.
    </p>
    <ul>
      ${transfers.map((transfer) => html`<li dir="auto">${describeTransfer(crossed, transfer)}</li>`)}
      ${comparison === null ? null : html`<li dir="auto">${comparison}</li>`}
    </ul>
    ${transfers.flatMap((transfer) => renderProjection(crossed, transfer) ?? [])}
    <div class="scroll">
      <table class="numbers">
        <thead>
          <tr>
            <th scope="col">response</th>
            <th scope="col">r</th>
            <th scope="col">p</th>
            <th scope="col">p of the order</th>
            <th scope="col" class="minor">cosine</th>
            <th scope="col" class="minor">p</th>
            <th scope="col">strongest set</th>
            <th scope="col">r</th>
            <th scope="col">family-wise p</th>
          </tr>
        </thead>
        <tbody>
          ${transfers.map(renderTransfer)}
        </tbody>
      </table>
    </div>
    <h3>What the strength of each unit follows</h3>
    <p>
      At a family-wise error of ${alpha} over the units of a table row; the grade is followed if the levels'
      order is the grades', too (p ≤ ${alpha}). Right: what a unit's sum of squares over the cells is made of,
      in the median over the units.
    </p>
    <div class="scroll">
      <table class="numbers">
        <thead>
          <tr>
            <th scope="col">units</th>
            <th scope="col" class="minor">tested</th>
            ${Object.values(followsNames).map((name) => html`<th scope="col">${name}</th>`)}
            <th scope="col" class="minor">level</th>
            <th scope="col" class="minor">of it linear</th>
            <th scope="col" class="minor">row</th>
            <th scope="col" class="minor">interaction</th>
          </tr>
        </thead>
        <tbody>
          ${granularities.map(renderGranularity)}
        </tbody>
      </table>
    </div>
  </section>`;
}

function renderProjection(crossed: CrossedSummary, transfer: TransferSummary): Html | null {
  const drawings = drawBothWidths((width) => drawProjection(crossed, transfer, width));
  return (
    drawings &&
    html`<figure id="projection-${transfer.kind}">
      ${drawings}
      <figcaption>
        ${responseNames[transfer.kind]}: the scores of each row's levels on the direction of the other rows.
        Mean r ${renderNumber(shown(transfer.whole.r, formatT))}.
      </figcaption>
    </figure>`
  );
}

function renderTransfer({ kind, whole, strongest }: TransferSummary): Html {
  const r = (value: number): Html => renderNumber(shown(value, formatT));
  const p = (value: number | null): Html => (value === null ? html`–` : renderNumber(shown(value, formatP)));
  return html`<tr>
    <th scope="row">${responseNames[kind]}</th>
    <td class="observed">${r(whole.r)}</td>
    <td>${p(whole.p)}</td>
    <td>${p(whole.orderP)}</td>
    <td class="minor">${r(whole.consistency)}</td>
    <td class="minor">${p(whole.consistencyP)}</td>
    ${
      strongest === null
        ? [dash, dash, dash]
        : html`<td>${strongest.address}</td>
            <td>${r(strongest.r)}</td>
            <td>${p(strongest.familyWiseP)}</td>`
    }
  </tr>`;
}

function renderGranularity(granularity: GranularityCrossed): Html {
  const { name, testedUnits, follows, shares } = granularity;
  return html`<tr data-granularity="${name}">
    <th scope="row">${titleGranularity(granularity)}</th>
    <td class="minor">${renderNumber(shown(testedUnits, formatCount))}</td>
    ${followsOf(follows).map((count) => html`<td>${renderNumber(shown(count, formatCount))}</td>`)}
    ${sharesOf(shares).map((share) => html`<td class="minor">${renderNumber(shown(share, formatShare))}</td>`)}
  </tr>`;
}

import type { Summary, TopUnitsSummary } from "../../summary/summary.ts";
import { formatCount, formatShare, formatT } from "../../text/format-number.ts";
import { titleGranularity } from "../../text/granularity-names.ts";
import { shown } from "../../text/result-rows.ts";
import { TOP_UNITS_EXPLAINED } from "../../text/top-units-markdown.ts";
import { html, type Html } from "../html.ts";
import { renderNumber } from "./shown-number.ts";

/** What the strongest units of one half of the pairs show in the other. */
export function renderTopUnits({ topUnits }: Summary): Html | null {
  if (topUnits.length === 0) return null;
  return html`<section id="top-units">
    <h2>The strongest units in other pairs</h2>
    <p>${TOP_UNITS_EXPLAINED}</p>
    <div class="scroll">
      <table class="numbers">
        <thead>
          <tr>
            <th scope="col"></th>
            <th scope="col">chosen</th>
            <th scope="col">d_z where chosen</th>
            <th scope="col">d_z in the other half</th>
            <th scope="col">chosen by both</th>
            <th scope="col">by chance</th>
          </tr>
        </thead>
        <tbody>
          ${topUnits.map(renderRow)}
        </tbody>
      </table>
    </div>
  </section>`;
}

function renderRow(units: TopUnitsSummary): Html {
  const { top, selectedDz, otherHalfDz, overlap, overlapByChance } = units;
  return html`<tr>
    <th scope="row">${titleGranularity(units)}</th>
    <td>${renderNumber(shown(top, formatCount))}</td>
    <td>${renderNumber(shown(selectedDz, formatT))}</td>
    <td class="observed">${renderNumber(shown(otherHalfDz, formatT))}</td>
    <td>${renderNumber(shown(overlap, formatShare))}</td>
    <td>${renderNumber(shown(overlapByChance, formatShare))}</td>
  </tr>`;
}

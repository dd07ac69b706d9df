import { formatCount, formatP, formatT } from "../../text/format-number.ts";
import type { GranularityGrades } from "../../summary/grades-summary.ts";
import { titleGranularity } from "../../text/granularity-names.ts";
import { shown } from "../../text/result-rows.ts";
import type { Summary } from "../../summary/summary.ts";
import { html, type Html } from "../html.ts";
import { renderNumber } from "./shown-number.ts";
import { dash, minorDash, renderThresholdCells, renderThresholdHeads } from "./threshold-cells.ts";

/** How the units follow the grades of the pairs, where the prompt set is graded. */
export function renderGrades({ grades }: Pick<Summary, "grades">): Html | null {
  if (grades === null) return null;
  const { granularities, labellings, seed } = grades;
  const thresholds = granularities
    .map((granularity) => granularity.thresholds.map(({ threshold }) => threshold))
    .find(({ length }) => length > 0);
  return html`<section id="grades">
    <h2>By grade</h2>
    <p>
      Whether a unit's difference rises or falls with the grade of the pair: Spearman's ρ over the pairs. The
      null flips the signs of the differences about their mean, pair by pair
      (${renderNumber(shown(labellings, formatCount))} random flips, seed ${seed}), so a difference that is
      the same at every grade does not count here.
    </p>
    <div class="scroll">
      <table class="numbers">
        <thead>
          <tr>
            <th scope="col">units</th>
            <th scope="col" class="minor">tested</th>
            ${renderThresholdHeads("|ρ|", thresholds ?? [])}
            <th scope="col">max |ρ|</th>
            <th scope="col" class="minor">null p99</th>
            <th scope="col">p</th>
          </tr>
        </thead>
        <tbody>
          ${granularities.map((granularity) => renderRow(granularity, thresholds ?? []))}
        </tbody>
      </table>
    </div>
    ${renderClosest(granularities)}
  </section>`;
}

/** The units of the greatest |ρ|: a column of their addresses would be wider than the page. */
function renderClosest(granularities: readonly GranularityGrades[]): Html | null {
  const closest = granularities.flatMap(({ name, maximum }) => (maximum === null ? [] : [{ name, maximum }]));
  if (closest.length === 0) return null;
  return html`<p>
    Closest to the
    grade:${closest.map(
      ({ name, maximum: { address, rho } }, place) =>
        html`${place === 0 ? " " : ", "}<span data-granularity="${name}"
            >${address} (ρ = ${renderNumber(shown(rho, formatT))})</span
          >`,
    )}.
  </p>`;
}

function renderRow(granularity: GranularityGrades, thresholds: readonly number[]): Html {
  const { name, testedUnits, thresholds: tested, maximum } = granularity;
  return html`<tr data-granularity="${name}">
    <th scope="row">${titleGranularity(granularity)}</th>
    <td class="minor">${renderNumber(shown(testedUnits, formatCount))}</td>
    ${renderThresholdCells(tested, thresholds)}
    ${
      maximum === null
        ? [dash, minorDash, dash]
        : [
            html`<td class="observed">${renderNumber(shown(maximum.observed, formatT))}</td>`,
            html`<td class="minor">${renderNumber(shown(maximum.nullP99, formatT))}</td>`,
            html`<td>${renderNumber(shown(maximum.p, formatP))}</td>`,
          ]
    }
  </tr>`;
}

import {
  formatCount,
  formatMeanCount,
  formatP,
  formatRatio,
  formatShare,
  formatT,
} from "../results/format-number.ts";
import type { GranularityGrades } from "../results/grades-summary.ts";
import { titleGranularity } from "../results/granularity-names.ts";
import { shown } from "../results/result-rows.ts";
import type { Summary } from "../results/summary.ts";
import { html, type Html } from "./html.ts";
import { renderNumber } from "./shown-number.ts";

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
            ${(thresholds ?? []).map(
              (threshold) =>
                html`<th scope="col">|ρ| &gt; ${threshold}</th>
                  <th scope="col" class="minor">null p99</th>
                  <th scope="col" class="minor">/ p99</th>
                  <th scope="col">p</th>`,
            )}
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
  const dash = html`<td>–</td>`;
  const minorDash = html`<td class="minor">–</td>`;
  const counts = thresholds.flatMap((threshold) => {
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
  return html`<tr data-granularity="${name}">
    <th scope="row">${titleGranularity(granularity)}</th>
    <td class="minor">${renderNumber(shown(testedUnits, formatCount))}</td>
    ${counts}
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

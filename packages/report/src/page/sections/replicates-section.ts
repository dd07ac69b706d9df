import { formatCount, formatT } from "../../text/format-number.ts";
import { shown } from "../../text/result-rows.ts";
import type { ReplicateSummary, Summary } from "../../summary/summary.ts";
import { html, type Html } from "../html.ts";
import { renderNumber } from "./shown-number.ts";

/** What each repetition of the passes shows alone, where they were run more than once. */
export function renderReplicates({ replicates }: Summary): Html | null {
  const [first] = replicates;
  if (first === undefined) return null;
  return html`<section id="replicates">
    <h2>By repetition</h2>
    <p>
      Every pass was run ${replicates.length} times, under another noise, fixed image or noise level each
      time, and averaged within a pair and condition before anything was tested. Each repetition alone, and
      how its t go with those of the mean: a result that hangs on one noise or one image shows here.
    </p>
    <div class="scroll">
      <table class="numbers">
        <thead>
          <tr>
            <th scope="col">fixed image</th>
            <th scope="col">noise seed</th>
            <th scope="col">σ</th>
            ${first.thresholds.map(({ threshold }) => html`<th scope="col">|t| &gt; ${threshold}</th>`)}
            <th scope="col">max |t|</th>
            <th scope="col">r with the mean</th>
          </tr>
        </thead>
        <tbody>
          ${replicates.map(renderRow)}
        </tbody>
      </table>
    </div>
  </section>`;
}

function renderRow(
  { reference, noiseSeed, sigma, thresholds, maximum, correlationWithMean }: ReplicateSummary,
  place: number,
): Html {
  return html`<tr data-replicate="${place}">
    <th scope="row">${reference === null ? "–" : reference + 1}</th>
    <td>${noiseSeed}</td>
    <td>${sigma}</td>
    ${thresholds.map(({ count }) => html`<td>${renderNumber(shown(count, formatCount))}</td>`)}
    <td>${renderNumber(shown(maximum, formatT))}</td>
    <td>${correlationWithMean === null ? "–" : renderNumber(shown(correlationWithMean, formatT))}</td>
  </tr>`;
}

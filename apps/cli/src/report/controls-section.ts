import { formatCount, formatRatio, formatShare, formatT } from "../results/format-number.ts";
import { titleGranularity } from "../results/granularity-names.ts";
import { shown } from "../results/result-rows.ts";
import type { GranularitySummary, Summary } from "../results/summary.ts";
import { html, type Html } from "./html.ts";
import { renderNumber } from "./shown-number.ts";

/** Another analysis to hold this one against: of another run, or of a part of the tokens. */
export interface ComparedSummary {
  /** What sets it apart, as `random weights, seed 1`. */
  readonly name: string;
  readonly summary: Summary;
}

/** This run beside its controls. */
export function renderControls(summary: Summary, controls: readonly ComparedSummary[]): Html | null {
  if (controls.length === 0) return null;
  return html`<section id="controls">
    <h2>Beside its controls</h2>
    <p>What this run shows counts as far as its controls do not show it too.</p>
    ${renderComparison(summary, [{ name: "this run", summary }, ...controls])}
  </section>`;
}

/** The same probe on a part of the tokens at a time. */
export function renderSegments(summary: Summary, segments: readonly ComparedSummary[]): Html | null {
  if (segments.length === 0) return null;
  return html`<section id="segments">
    <h2>By tokens</h2>
    <p>The root mean squares over all tokens, and over one part of them at a time.</p>
    ${renderComparison(summary, [{ name: "all tokens", summary }, ...segments])}
  </section>`;
}

/** Summaries line by line, for every granularity that the first of them has. */
function renderComparison(summary: Summary, compared: readonly ComparedSummary[]): Html {
  const thresholds = summary.granularities[0]?.thresholds.map(({ threshold }) => threshold) ?? [];
  return html`<div class="scroll">
    <table class="numbers">
      <thead>
        <tr>
          <th scope="col"></th>
          ${thresholds.map(
            (threshold) =>
              html`<th scope="col">|t| &gt; ${threshold}</th>
                <th scope="col">/ p99</th>`,
          )}
          <th scope="col">max |t|</th>
          <th scope="col">family-wise</th>
        </tr>
      </thead>
      ${summary.granularities.map(
        (granularity) =>
          html`<tbody data-granularity="${granularity.name}">
            <tr class="group">
              <th scope="rowgroup" colspan="${3 + 2 * thresholds.length}">
                ${titleGranularity(granularity)}
              </th>
            </tr>
            ${compared.map((run) =>
              renderLine(
                run.name,
                run.summary.granularities.find(({ name }) => name === granularity.name),
                thresholds,
              ),
            )}
          </tbody>`,
      )}
    </table>
  </div>`;
}

function renderLine(
  name: string,
  granularity: GranularitySummary | undefined,
  thresholds: readonly number[],
): Html {
  const dash = html`<td>–</td>`;
  const counts = thresholds.flatMap((threshold) => {
    const found = granularity?.thresholds.find((tested) => tested.threshold === threshold);
    if (found === undefined) return [dash, dash];
    const { observed, share, observedOverP99 } = found;
    return [
      html`<td>
        ${renderNumber(shown(observed, formatCount))} (${renderNumber(shown(share, formatShare))})
      </td>`,
      html`<td>${renderNumber({ value: observedOverP99, text: formatRatio(observedOverP99) })}</td>`,
    ];
  });
  const maximum = granularity?.maximum?.observed;
  const survivors = granularity?.survivors?.familyWise;
  return html`<tr>
    <th scope="row"><bdi>${name}</bdi></th>
    ${counts} ${maximum === undefined ? dash : html`<td>${renderNumber(shown(maximum, formatT))}</td>`}
    ${survivors === undefined ? dash : html`<td>${renderNumber(shown(survivors, formatCount))}</td>`}
  </tr>`;
}

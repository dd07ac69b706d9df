import {
  formatCount,
  formatMeanCount,
  formatMeasure,
  formatP,
  formatRatio,
  formatShare,
  formatT,
} from "../../text/format-number.ts";
import { titleGranularity } from "../../text/granularity-names.ts";
import { shown } from "../../text/result-rows.ts";
import type { GranularitySummary } from "../../summary/granularity-summary.ts";
import type { ScoredPlant } from "../../summary/list-plants.ts";
import type { ControlGranularity, Summary } from "../../summary/summary.ts";
import type { DifferenceOfContrasts } from "../../statistics/compare-analyses.ts";
import { html, type Html } from "../html.ts";
import { renderNumber } from "./shown-number.ts";

/** This run next to its controls, but for those in which an effect was planted, whose counts have another meaning. */
export function renderControls(summary: Summary, plants: readonly ScoredPlant[]): Html | null {
  const controls = summary.controls.filter((control) => plants.every(({ name }) => name !== control.name));
  if (controls.length === 0) return null;
  return html`<section id="controls">
    <h2>Beside its controls</h2>
    <p>What this run shows counts as far as its controls do not show it too.</p>
    ${renderComparison(summary, controls)} ${renderDistances(summary, controls)} ${renderDifferences(summary)}
  </section>`;
}

/** How far the texts of the run and of its controls move the prompt embedding; `null` if the run did not store it. */
function renderDistances(
  { embeddingDistance }: Pick<Summary, "embeddingDistance">,
  controls: Summary["controls"],
): Html | null {
  if (embeddingDistance === null) return null;
  const moved = controls.flatMap(({ name, embeddingDistance: distance, granularities }) => {
    const groups = granularities.find((granularity) => granularity.name === "group");
    const [equal] = groups?.atEqualDistance?.thresholds ?? [];
    return distance === null ? [] : [{ name, distance, equal }];
  });
  const measure = (value: number): Html => renderNumber(shown(value, formatMeasure));
  return html`<p id="distances">
    How far the texts of a pair move the prompt embedding (‖e<sub>b</sub> − e<sub>a</sub>‖, median over the
    pairs): this run
    ${measure(embeddingDistance.median)}${moved.map(
      ({ name, distance }) => html`, <bdi>${name}</bdi> ${measure(distance.median)}`,
    )}.
    A control whose texts move it less is no control of strength.
    ${moved.flatMap(({ name, equal }) => (equal === undefined ? [] : [renderAtEqualDistance(name, equal)]))}
  </p>`;
}

function renderAtEqualDistance(
  name: string,
  { threshold, observed, nullP99, p }: DifferenceOfContrasts["thresholds"][number],
): Html {
  return html`With the distances regressed out, the difference of this run from <bdi>${name}</bdi> puts
    ${renderNumber(shown(observed, formatCount))} groups over |t| = ${threshold} (null p99
    ${renderNumber(shown(nullP99, formatMeanCount))}, p = ${renderNumber(shown(p, formatP))}). `;
}

/** This run held against each control, unit by unit and pair by pair. */
function renderDifferences({ controls, blockThreshold }: Summary): Html {
  const dash = html`<td>–</td>`;
  const names = new Set(controls.flatMap(({ granularities }) => granularities.map(({ name }) => name)));
  return html`<h3>Unit by unit</h3>
    <p>
      How t goes with that of the control over the units; how many of the strongest units are the same; and
      the difference of both contrasts, pair by pair: how many units are over |t| = ${blockThreshold} in it,
      against its own sign flips. Units of other weights share no more than their place.
    </p>
    <div class="scroll">
      <table class="numbers" id="differences">
        <thead>
          <tr>
            <th scope="col"></th>
            <th scope="col">r of t</th>
            <th scope="col">strongest shared</th>
            <th scope="col" class="minor">by chance</th>
            <th scope="col">difference</th>
            <th scope="col">null p99</th>
            <th scope="col">p</th>
            <th scope="col" class="minor">max |t|</th>
            <th scope="col" class="minor">p</th>
          </tr>
        </thead>
        ${[...names].map(
          (granularity) =>
            html`<tbody data-granularity="${granularity}">
              <tr class="group">
                <th scope="rowgroup" colspan="9">${granularityTitles[granularity]}</th>
              </tr>
              ${controls.map(({ name, granularities }) => {
                const found = granularities.find((candidate) => candidate.name === granularity);
                if (found === undefined) return html``;
                const { correlationOfT, top, difference } = found;
                const [first] = difference?.thresholds ?? [];
                const maximum = difference?.maximum;
                return html`<tr data-control="${name}">
                  <th scope="row"><bdi>${name}</bdi></th>
                  ${correlationOfT === null ? dash : html`<td>${renderNumber(shown(correlationOfT, formatT))}</td>`}
                  <td>
                    ${renderNumber(shown(top.shared, formatCount))} of
                    ${renderNumber(shown(top.compared, formatCount))}
                  </td>
                  <td class="minor">${renderNumber(shown(top.expectedByChance, formatMeanCount))}</td>
                  ${
                    first === undefined
                      ? [dash, dash, dash]
                      : [
                          html`<td class="observed">${renderNumber(shown(first.observed, formatCount))}</td>`,
                          html`<td>${renderNumber(shown(first.nullP99, formatMeanCount))}</td>`,
                          html`<td>${renderNumber(shown(first.p, formatP))}</td>`,
                        ]
                  }
                  ${
                    maximum === undefined
                      ? [dash, dash]
                      : [
                          html`<td class="minor">${renderNumber(shown(maximum.observed, formatT))}</td>`,
                          html`<td class="minor">${renderNumber(shown(maximum.p, formatP))}</td>`,
                        ]
                  }
                </tr>`;
              })}
            </tbody>`,
        )}
      </table>
    </div>`;
}

const granularityTitles: Readonly<Record<GranularitySummary["name"], string>> = {
  group: "Groups",
  head: "Real attention heads",
  mlp: "MLP groups",
  to_add_out: "Text-stream groups",
};

/** The run and its controls line by line, for every granularity that the run has. */
function renderComparison(summary: Summary, controls: Summary["controls"]): Html {
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
            ${[
              renderLine("this run", granularity, thresholds),
              ...controls.map(({ name, granularities }) =>
                renderLine(
                  name,
                  granularities.find((found) => found.name === granularity.name),
                  thresholds,
                ),
              ),
            ]}
          </tbody>`,
      )}
    </table>
  </div>`;
}

function renderLine(
  name: string,
  granularity: Pick<ControlGranularity, "thresholds" | "maximum" | "survivors"> | undefined,
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

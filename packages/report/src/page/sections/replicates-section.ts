import type { Analysis } from "../../statistics/analyze-captures.ts";
import type {
  FactorLeftOutSummary,
  RandomFactorsSummary,
  RepetitionsSummary,
} from "../../summary/repetitions-summary.ts";
import type { ReplicateSummary, Summary } from "../../summary/summary.ts";
import {
  describeComponents,
  describeFewLevels,
  describeSurvivors,
  nameFactors,
} from "../../text/describe-repetitions.ts";
import { formatCount, formatMeanCount, formatP, formatShare, formatT } from "../../text/format-number.ts";
import { shown } from "../../text/result-rows.ts";
import { renderNoiseLevelsFigure } from "../figures/noise-levels-figure.ts";
import { html, type Html } from "../html.ts";
import { renderNumber } from "./shown-number.ts";

/** What the repetitions of the passes show, alone and as a sample of images and noises, if there was more than one. */
export function renderReplicates({ replicates, repetitions }: Summary, analysis: Analysis): Html | null {
  const [first] = replicates;
  if (first === undefined) return null;
  return html`<section id="replicates">
    <h2>By repetition</h2>
    <p>
      Every pass was run ${replicates.length} times, under another noise, fixed image or noise level each
      time, and averaged within a pair and condition before anything was tested. Each repetition alone, and
      how its t go with those of the mean: a result that hangs on one noise or one image shows here.
    </p>
    ${renderTable(
      [
        "fixed image",
        "noise seed",
        "σ",
        ...first.thresholds.map(({ threshold }) => `|t| > ${threshold}`),
        "max |t|",
        "r with the mean",
      ],
      replicates.map(renderRow),
    )}
    ${repetitions?.random ? renderRandom(repetitions.random) : null}
    ${repetitions?.leftOut.map(renderLeftOut) ?? null}
    ${repetitions && renderNoiseLevels(repetitions, analysis)}
  </section>`;
}

function renderTable(heads: readonly string[], rows: readonly Html[]): Html {
  return html`<div class="scroll">
    <table class="numbers">
      <thead>
        <tr>
          ${heads.map((head) => html`<th scope="col">${head}</th>`)}
        </tr>
      </thead>
      <tbody>
        ${rows}
      </tbody>
    </table>
  </div>`;
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

function renderRandom(random: RandomFactorsSummary): Html {
  const { thresholds, falseDiscovery, alpha } = random;
  const counts = (averaged: number, kept: number): Html =>
    html`<td>${renderNumber(shown(averaged, formatCount))}</td>
      <td class="observed">${renderNumber(shown(kept, formatCount))}</td>`;
  return html`<h3>As random: ${nameFactors(random)}</h3>
    <p>
      ${describeComponents(random)} A paired t of the mean asks about new pairs under these images and noises;
      with images and noises as random, about new ones of them, too. ${describeFewLevels(random).join(" ")}
    </p>
    <div id="random-factors">
      ${renderTable(
        ["groups as improbable as", "over new pairs", "and new images or noises", "by chance"],
        [
          ...thresholds.map(
            ({ threshold, p, averaged, random: kept, byChance }) =>
              html`<tr>
                <th scope="row">|t| &gt; ${threshold} (p &lt; ${formatP(p)})</th>
                ${counts(averaged, kept)}
                <td>${renderNumber(shown(byChance, formatMeanCount))}</td>
              </tr>`,
          ),
          html`<tr>
            <th scope="row">false discovery q ≤ ${alpha}</th>
            ${counts(falseDiscovery.averaged, falseDiscovery.random)}
            <td></td>
          </tr>`,
        ],
      )}
    </div>`;
}

function renderLeftOut(leftOut: FactorLeftOutSummary): Html {
  const { factor, levels, survivors } = leftOut;
  const named = factor === "reference" ? "fixed image" : factor;
  return html`<h3>One ${named} left out</h3>
    <div data-factor="${factor}">
      ${renderTable(
        [
          named,
          ...survivors.flatMap(({ threshold }) => [
            `|t| > ${threshold} alone`,
            `|t| > ${threshold} without it`,
          ]),
        ],
        levels.map(
          ({ level, alone, without }) =>
            html`<tr>
              <th scope="row">${level}</th>
              ${alone.map(
                (count, place) =>
                  html`<td>${renderNumber(shown(count, formatCount))}</td>
                    <td>${renderNumber(shown(without[place] ?? 0, formatCount))}</td>`,
              )}
            </tr>`,
        ),
      )}
    </div>
    ${describeSurvivors(leftOut).map((sentence) => html`<p>${sentence}</p>`)}`;
}

function renderNoiseLevels({ noiseLevels }: RepetitionsSummary, analysis: Analysis): Html | null {
  const [first] = noiseLevels;
  if (first === undefined) return null;
  return html`<h3>Blocks by noise level</h3>
    ${renderNoiseLevelsFigure(analysis)}
    <details id="noise-levels">
      <summary>The same as a table</summary>
      ${renderTable(
        ["block", ...noiseLevels.map(({ sigma }) => `σ = ${sigma}`)],
        first.shares.map(
          ({ block }, place) =>
            html`<tr>
              <th scope="row">${block}</th>
              ${noiseLevels.map(
                ({ shares }) => html`<td>${renderNumber(shown(shares[place]?.share ?? 0, formatShare))}</td>`,
              )}
            </tr>`,
        ),
      )}
    </details>`;
}

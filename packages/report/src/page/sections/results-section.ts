import { formatCount, formatMeasure, formatP, formatShare, formatT } from "../../text/format-number.ts";
import { describeGranularity, titleGranularity } from "../../text/granularity-names.ts";
import { resultRows, shown, survivorRows } from "../../text/result-rows.ts";
import type { GranularitySummary, UnitRow } from "../../summary/granularity-summary.ts";
import type { BlockRow } from "../../summary/block-summary.ts";
import type { Summary } from "../../summary/summary.ts";
import { describeStrongestBlock } from "../../text/describe-strongest-block.ts";
import { html, type Html } from "../html.ts";
import { renderNumber } from "./shown-number.ts";
import { dash, minorDash } from "./threshold-cells.ts";

/** The results table: every granularity with its own rows. */
export function renderResults({ granularities }: Summary): Html {
  return html`<section id="results">
    <h2>Results</h2>
    <div class="scroll">
      <table class="numbers">
        <thead>
          <tr>
            <th scope="col">units</th>
            <th scope="col">observed</th>
            <th scope="col">share</th>
            <th scope="col" class="minor">null mean</th>
            <th scope="col">null p99</th>
            <th scope="col">observed / p99</th>
            <th scope="col">p</th>
          </tr>
        </thead>
        ${granularities.map(renderGranularity)}
      </table>
    </div>
  </section>`;
}

function renderGranularity(granularity: GranularitySummary): Html {
  const { name, units, degenerate } = granularity;
  const rows = resultRows(granularity).map(
    ({ metric, observed, share, nullMean, nullP99, observedOverP99, p }) =>
      html`<tr>
        <th scope="row">${metric}</th>
        <td class="observed">${renderNumber(observed)}</td>
        <td>${share === null ? null : renderNumber(share)}</td>
        <td class="minor">${renderNumber(nullMean)}</td>
        <td>${renderNumber(nullP99)}</td>
        <td>${renderNumber(observedOverP99)}</td>
        <td>${renderNumber(p)}</td>
      </tr>`,
  );
  const notTested =
    degenerate.count === 0
      ? null
      : html`<tr>
          <td colspan="7" class="note">
            Not tested, because all differences are equal: ${formatCount(degenerate.count)}
            (${degenerate.first.join(", ")}${degenerate.count > degenerate.first.length ? ", …" : ""}).
          </td>
        </tr>`;
  return html`<tbody data-granularity="${name}">
    <tr class="group">
      <th scope="rowgroup" colspan="7">
        ${titleGranularity(granularity)}: ${renderNumber(shown(units, formatCount))}
      </th>
    </tr>
    ${
      rows.length === 0
        ? html`<tr>
            <td colspan="7">No unit varies between the pairs: there is nothing to test.</td>
          </tr>`
        : rows
    }
    ${survivorRows(granularity).map(
      ({ metric, count, share }) =>
        html`<tr>
          <th scope="row">${metric}</th>
          <td class="observed">${renderNumber(count)}</td>
          <td>${renderNumber(share)}</td>
          <td colspan="4"></td>
        </tr>`,
    )}
    ${notTested}
  </tbody>`;
}

/** All blocks, strongest first, each with a bar of its share and a mark where its null ends. */
export function renderBlocks(summary: Summary, depth: Html | null): Html | null {
  const { blocks, blockThreshold } = summary;
  const described = describeStrongestBlock(summary);
  if (blocks.length === 0) return null;
  return html`<section id="blocks">
    <h2>Blocks</h2>
    ${depth}
    <h3>Largest share first</h3>
    ${described === null ? null : html`<p>${described}</p>`}
    <p>
      Groups over |t| = ${blockThreshold} in each block. The mark on a bar is the 99th percentile of the share
      in that block when the labels mean nothing. The family-wise p compares each share with the largest share
      of any block under the same flips; “first in” is how often the block is first when the pairs are drawn
      again with replacement.
    </p>
    <div class="scroll">
      <table class="numbers">
        <thead>
          <tr>
            <th scope="col">block</th>
            <th scope="col" class="bars">share</th>
            <th scope="col"></th>
            <th scope="col" class="minor">groups</th>
            <th scope="col">family-wise p</th>
            <th scope="col" class="minor">first in</th>
            <th scope="col">max |t|</th>
            <th scope="col">median |d<sub>z</sub>|</th>
            <th scope="col" class="text">strongest group</th>
          </tr>
        </thead>
        <tbody>
          ${blocks.map(renderBlock)}
        </tbody>
      </table>
    </div>
  </section>`;
}

function renderBlock(row: BlockRow): Html {
  const { block, share, nullP99Share, overThreshold, testedUnits, familyWiseP, first } = row;
  const { maxAbsT, medianAbsDz, strongestUnit } = row;
  const mark =
    nullP99Share === null
      ? null
      : html`<i
          class="mark"
          style="left:${(100 * nullP99Share).toFixed(2)}%"
          title="null p99: ${formatShare(nullP99Share)}"
        ></i>`;
  return html`<tr data-block="${block}">
    <th scope="row">${block}</th>
    <td class="bars">
      <div class="bar"><i class="fill" style="width:${(100 * share).toFixed(2)}%"></i>${mark}</div>
    </td>
    <td>${renderNumber(shown(share, formatShare))}</td>
    <td class="minor">
      ${renderNumber(shown(overThreshold, formatCount))} of ${renderNumber(shown(testedUnits, formatCount))}
    </td>
    ${familyWiseP === null ? dash : html`<td>${renderNumber(shown(familyWiseP, formatP))}</td>`}
    ${first === null ? minorDash : html`<td class="minor">${renderNumber(shown(first, formatShare))}</td>`}
    <td>${renderNumber(shown(maxAbsT, formatT))}</td>
    <td>${renderNumber(shown(medianAbsDz, formatT))}</td>
    <td class="text"><code>${strongestUnit ?? "–"}</code></td>
  </tr>`;
}

/** The strongest units of every granularity with what they measured. */
export function renderStrongest(
  { granularities, promptSet: { labels } }: Summary,
  volcano: Html | null,
): Html {
  return html`<section id="strongest">
    <h2>Strongest units</h2>
    ${volcano}
    <p>
      By |t|, each granularity on its own; the family-wise p takes the number of units into account, the other
      does not.
    </p>
    ${granularities.map(
      (granularity, place) =>
        html`<details data-granularity="${granularity.name}" ${place === 0 ? html`open` : null}>
          <summary>${describeGranularity(granularity)}</summary>
          ${renderUnits(granularity, labels)}
        </details>`,
    )}
  </section>`;
}

function renderUnits({ strongest }: GranularitySummary, labels: Summary["promptSet"]["labels"]): Html {
  return html`<div class="scroll">
    <table class="numbers">
      <thead>
        <tr>
          <th scope="col">unit</th>
          <th scope="col" class="minor"><bdi>${labels.a}</bdi></th>
          <th scope="col" class="minor"><bdi>${labels.b}</bdi></th>
          <th scope="col">difference</th>
          <th scope="col">t</th>
          <th scope="col">d<sub>z</sub></th>
          <th scope="col">p</th>
          <th scope="col">family-wise p</th>
        </tr>
      </thead>
      <tbody>
        ${strongest.map(renderUnit)}
      </tbody>
    </table>
  </div>`;
}

function renderUnit(unit: UnitRow): Html {
  const { address, rmsA, rmsB, meanDifference, t, cohensDz, p, familyWiseP } = unit;
  return html`<tr>
    <th scope="row"><code>${address}</code></th>
    <td class="minor">${renderNumber(shown(rmsA, formatMeasure))}</td>
    <td class="minor">${renderNumber(shown(rmsB, formatMeasure))}</td>
    <td>${renderNumber(shown(meanDifference, formatMeasure))}</td>
    <td>${renderNumber(shown(t, formatT))}</td>
    <td>${renderNumber(shown(cohensDz, formatT))}</td>
    <td>${renderNumber(shown(p, formatP))}</td>
    <td>${renderNumber(shown(familyWiseP, formatP))}</td>
  </tr>`;
}

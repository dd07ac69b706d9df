import type { Tested } from "@measure-plantain/paired-stats";
import type { Analysis } from "../../statistics/analyze-captures.ts";
import type { GranularityResult } from "../../statistics/granularity-result.ts";
import { formatCount, formatMeanCount, formatP, formatT } from "../../text/format-number.ts";
import { titleGranularity } from "../../text/granularity-names.ts";
import type { Summary } from "../../summary/summary.ts";
import { html, type Html } from "../html.ts";
import type { Figure } from "./figure.ts";
import { drawNullHistogram } from "./null-histogram.ts";

const BINS = 48;

/** What one statistic of a granularity is under every sign flip, against what was observed. */
interface NullFigure extends Figure {
  readonly caption: string;
}

/** A null figure for each threshold of a granularity, and for the maximum. */
export function drawNulls({ name, signFlip }: GranularityResult, title: string): NullFigure[] {
  if (signFlip === null) return [];
  const draw = (statistic: string, label: string, tested: Tested, isCount: boolean): NullFigure => ({
    name: `null-${name}-${statistic}`,
    svg: drawNull(`${title}: ${label}`, tested, isCount),
    caption: `${label}, p = ${formatP(tested.p)}`,
  });
  return [
    ...signFlip.thresholds.map((tested) =>
      draw(`over-${tested.threshold}`, `units over |t| = ${tested.threshold}`, tested, true),
    ),
    draw("maximum", "greatest |t|", signFlip.maximum, false),
  ];
}

/** What every sign flip counted, against what was observed: one small figure per granularity and statistic. */
export function renderNullFigures({ granularities }: Analysis, summary: Summary): Html | null {
  const rows = granularities.flatMap((granularity) => {
    const brief = summary.granularities.find(({ name }) => name === granularity.name);
    return granularity.signFlip === null || brief === undefined
      ? []
      : [renderRow(granularity, titleGranularity(brief))];
  });
  if (rows.length === 0) return null;
  return html`<section id="null">
    <h2>What the labels do by chance</h2>
    <p>
      Grey: the same statistic after each random exchange of the two sides of whole pairs. Dashed: its 99th
      percentile. The coloured line is the labelling that was measured. Counts stand on a square-root axis.
    </p>
    ${rows}
  </section>`;
}

function renderRow(granularity: GranularityResult, title: string): Html {
  return html`<h3>${title}</h3>
    <div class="multiples" data-granularity="${granularity.name}">
      ${drawNulls(granularity, title).map(
        ({ svg, caption }) =>
          html`<figure class="figure-null">
            ${svg}
            <figcaption>${caption}</figcaption>
          </figure>`,
      )}
    </div>`;
}

function drawNull(label: string, { observed, null: { values, p99 } }: Tested, isCount: boolean): Html {
  let highest = observed;
  for (const value of values) highest = Math.max(highest, value);
  const written = isCount ? formatCount(observed) : formatT(observed);
  const p99Written = isCount ? formatMeanCount(p99) : formatT(p99);
  return drawNullHistogram({
    label: `${label}: observed ${written}, 99th percentile of the null ${p99Written}`,
    values,
    observed,
    written,
    bins: BINS,
    domain: [0, Math.max(highest * 1.02, 1)],
    squareRoot: isCount,
    p99: { value: p99, written: p99Written },
  });
}

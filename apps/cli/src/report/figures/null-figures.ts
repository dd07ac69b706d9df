import type { Tested } from "@measure-plantain/paired-stats";
import { axisX, rectY, ruleX, text } from "@observablehq/plot";
import type { Analysis, GranularityResult } from "../../results/analyze-captures.ts";
import { formatCount, formatMeanCount, formatP, formatT } from "../../results/format-number.ts";
import { titleGranularity } from "../../results/granularity-names.ts";
import type { Summary } from "../../results/summary.ts";
import { html, type Html } from "../html.ts";
import { drawPlot } from "./plot-document.ts";
import { binValues } from "./bin-values.ts";

const WIDTH = 300;
const HEIGHT = 112;
const BINS = 48;

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

function renderRow({ name, signFlip }: GranularityResult, title: string): Html {
  const figures = [
    ...(signFlip?.thresholds ?? []).map((tested) => ({
      label: `units over |t| = ${tested.threshold}`,
      tested: tested,
      isCount: true,
    })),
    ...(signFlip === null ? [] : [{ label: "greatest |t|", tested: signFlip.maximum, isCount: false }]),
  ];
  return html`<h3>${title}</h3>
    <div class="multiples" data-granularity="${name}">
      ${figures.map(
        ({ label, tested, isCount }) =>
          html`<figure class="figure-null">
            ${drawNull(`${title}: ${label}`, tested, isCount)}
            <figcaption>${label}, p = ${formatP(tested.p)}</figcaption>
          </figure>`,
      )}
    </div>`;
}

function drawNull(label: string, { observed, null: { values, p99 } }: Tested, isCount: boolean): Html {
  let highest = observed;
  for (const value of values) highest = Math.max(highest, value);
  const end = Math.max(highest * 1.02, 1);
  const bins = binValues(values, { bins: BINS, end, squareRoot: isCount });
  const tallest = bins.reduce((most, { count }) => Math.max(most, count), 1);
  const isRight = (isCount ? Math.sqrt(observed / end) : observed / end) > 0.5;
  const written = isCount ? formatCount(observed) : formatT(observed);
  const p99Written = isCount ? formatMeanCount(p99) : formatT(p99);
  return drawPlot(`${label}: observed ${written}, 99th percentile of the null ${p99Written}`, {
    width: WIDTH,
    height: HEIGHT,
    marginLeft: 6,
    marginRight: 10,
    marginTop: 20,
    marginBottom: 24,
    x: { type: isCount ? "sqrt" : "linear", domain: [0, end], label: null },
    y: { axis: null, domain: [0, tallest] },
    marks: [
      rectY(bins, {
        x1: "start",
        x2: "stop",
        y: "count",
        fill: "var(--null)",
        insetLeft: 0.5,
        insetRight: 0,
      }),
      ruleX([p99], { stroke: "var(--soft)", strokeDasharray: "3,2", title: () => `null p99: ${p99Written}` }),
      ruleX([observed], { stroke: "var(--accent)", strokeWidth: 2 }),
      text([observed], {
        x: (value: number) => value,
        text: () => written,
        frameAnchor: "top",
        textAnchor: isRight ? "end" : "start",
        dx: isRight ? -5 : 5,
        dy: -2,
        lineAnchor: "top",
        fill: "var(--accent)",
        stroke: "var(--paper)",
        strokeWidth: 5,
        fontWeight: 600,
        fontSize: 13,
      }),
      axisX({ ticks: 4, tickSize: 3, color: "var(--soft)", label: null }),
    ],
  });
}

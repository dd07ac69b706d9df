import { ruleY, text } from "@observablehq/plot";
import type { Analysis } from "../../statistics/analyze-captures.ts";
import { formatCount, formatShare, formatT } from "../../text/format-number.ts";
import { shown } from "../../text/result-rows.ts";
import type { Summary } from "../../summary/summary.ts";
import { renderNumber } from "../sections/shown-number.ts";
import { html, type Html } from "../html.ts";
import type { ScatterPoints } from "../encode-page-data.ts";
import type { Figure } from "./figure.ts";
import { drawBothWidths, NARROW, WIDE } from "./plot-document.ts";
import { drawScatter, symmetricDomain } from "./scatter.ts";
import { valueAt } from "../../reading.ts";

/** The volcano's dots: the change of the root mean square relative to condition a, in percent, and |t|. */
export function volcanoPoints({ granularities }: Analysis): ScatterPoints | null {
  const groups = granularities.find(({ name }) => name === "group");
  if (groups === undefined || groups.signFlip === null) return null;
  const { mean, t } = groups.pairedT;
  const { a } = groups.conditionMeans;
  return {
    x: Float32Array.from(mean, (difference, unit) => (100 * difference) / valueAt(a, unit)),
    y: Float32Array.from(t, (value) => (Number.isFinite(value) ? Math.abs(value) : NaN)),
  };
}

/** How large the change of each group is, and how sure: coloured is what stays when the number of groups counts. */
export function drawVolcano(
  analysis: Analysis,
  { granularities }: Summary,
  width: number = WIDE,
): Figure | null {
  const points = volcanoPoints(analysis);
  const groups = analysis.granularities.find(({ name }) => name === "group");
  const survivors = granularities.find(({ name }) => name === "group")?.survivors;
  if (points === null || !groups?.signFlip || !groups.corrected || !survivors) return null;
  const { x, y } = points;
  const { familyWise } = groups.corrected;
  const isStrong = (unit: number): boolean => valueAt(familyWise, unit) <= survivors.alpha;
  const least = y.filter((_, unit) => isStrong(unit)).reduce((low, value) => Math.min(low, value), Infinity);
  const bound = Number.isFinite(least) ? least : groups.signFlip.maximum.null.p95;
  const count = shown(survivors.familyWise, formatCount);
  const svg = drawScatter(
    {
      name: "volcano",
      label: `Change of the root mean square and |t| of every group; ${count.text} are significant`,
      x,
      y,
      isStrong,
      xAxis: { label: "change of the root mean square (%) →", domain: symmetricDomain(x) },
      yAxis: {
        label: "↑ |t|",
        domain: [0, y.reduce((most, value) => (value > most ? value : most), bound) * 1.04],
      },
      marks: [
        ruleY([bound], { stroke: "var(--ink)", strokeDasharray: "3,2" }),
        text([bound], {
          y: (value: number) => value,
          frameAnchor: "right",
          textAnchor: "end",
          dy: -7,
          text: () => `family-wise p ≤ ${survivors.alpha}: |t| ≥ ${formatT(bound)}`,
          fill: "var(--ink)",
          stroke: "var(--paper)",
          strokeWidth: 4,
        }),
      ],
    },
    width,
    width === NARROW ? 280 : 340,
  );
  return { name: "volcano", svg };
}

/** {@link drawVolcano} with its caption, in both widths. */
export function renderVolcanoFigure(analysis: Analysis, summary: Summary): Html | null {
  const drawings = drawBothWidths((width) => drawVolcano(analysis, summary, width));
  const groups = summary.granularities.find(({ name }) => name === "group");
  if (drawings === null || !groups?.survivors) return null;
  const { testedUnits, survivors } = groups;
  const count = shown(survivors.familyWise, formatCount);
  return html`<figure id="volcano">
    ${drawings}
    <figcaption>
      Every group by the relative change of its root mean square and by |t|. Coloured: the
      ${renderNumber(count)} groups (${formatShare(survivors.familyWise / testedUnits)}) with a family-wise p
      of at most ${survivors.alpha}, by the greatest |t| of all groups when the labels mean nothing. Point at
      a dot to see which group it is.
    </figcaption>
  </figure>`;
}

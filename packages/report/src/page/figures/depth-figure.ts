import { axisX, axisY, barY, ruleY, tickY } from "@observablehq/plot";
import type { Analysis } from "../../statistics/analyze-captures.ts";
import { formatShare } from "../../text/format-number.ts";
import { html, type Html } from "../html.ts";
import type { Figure } from "./figure.ts";
import { drawBothWidths, drawPlot, NARROW, WIDE } from "./plot-document.ts";

/** The share of groups over the first threshold, block by block in the order of the network, with each block's null. */
export function drawBlocks(
  { blocks, granularities, blockThreshold }: Analysis,
  width: number = WIDE,
): Figure | null {
  const groups = granularities.find(({ name }) => name === "group");
  if (groups === undefined || blocks.length === 0) return null;
  const order = [...new Set(groups.records.map(({ block }) => block))];
  const bars = blocks.map(({ block, share, units, count }) => ({
    block,
    share,
    median: count === null ? 0 : count.null.p50 / units,
    p99: count === null ? 0 : count.null.p99 / units,
  }));
  const svg = drawPlot(`Share of groups over |t| = ${blockThreshold} in each block`, {
    width,
    height: 210,
    marginLeft: 40,
    marginRight: 4,
    marginTop: 12,
    marginBottom: 54,
    x: { domain: order, label: null, padding: 0.25 },
    y: {
      label: null,
      tickFormat: "%",
      nice: true,
      domain: [0, bars.reduce((most, { share, p99 }) => Math.max(most, share, p99), 0.01)],
    },
    marks: [
      axisY({ ticks: 4, tickSize: 0, color: "var(--soft)", tickFormat: "%", label: null }),
      axisX({
        tickRotate: -60,
        tickSize: 0,
        color: "var(--soft)",
        label: null,
        fontSize: width === NARROW ? 8 : 10,
      }),
      barY(bars, {
        x: "block",
        y: "share",
        fill: "var(--accent)",
        title: ({ block, share, p99 }: (typeof bars)[number]) =>
          `${block}: ${formatShare(share)} (null p99: ${formatShare(p99)})`,
      }),
      barY(bars, {
        x: "block",
        y1: "median",
        y2: "p99",
        fill: "var(--null)",
        fillOpacity: 0.75,
        insetLeft: 2,
        insetRight: 2,
      }),
      tickY(bars, { x: "block", y: "p99", stroke: "var(--ink)", strokeWidth: 1.5 }),
      ruleY([0], { stroke: "var(--ink)" }),
    ],
  });
  return { name: "blocks", svg };
}

/** {@link drawBlocks} with its caption, in both widths. */
export function renderDepthFigure(analysis: Analysis): Html | null {
  const { blockThreshold } = analysis;
  const drawings = drawBothWidths((width) => drawBlocks(analysis, width));
  return (
    drawings &&
    html`<figure id="depth">
      ${drawings}
      <figcaption>
        Share of groups over |t| = ${blockThreshold} in each block, in the order of the network. Grey: the
        block's own null, from its median to its 99th percentile (black).
      </figcaption>
    </figure>`
  );
}

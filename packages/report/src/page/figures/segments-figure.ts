import { axisX, axisY, barX, ruleX, text, tickX } from "@observablehq/plot";
import type { Analysis } from "../../statistics/analyze-captures.ts";
import type { GranularityResult } from "../../statistics/granularity-result.ts";
import { formatShare } from "../../text/format-number.ts";
import { html, type Html } from "../html.ts";
import type { Figure } from "./figure.ts";
import { drawBothWidths, drawPlot, WIDE } from "./plot-document.ts";

/** The share of groups over the first threshold, over all tokens and over one part of them at a time, each with its null. */
export function drawSegments(
  { segments, granularities, blockThreshold }: Analysis,
  width: number = WIDE,
): Figure | null {
  const all = granularities.find(({ name }) => name === "group");
  if (all === undefined || segments.length === 0) return null;
  const rows = [shareOf("all tokens", all), ...segments.map(({ name, groups }) => shareOf(name, groups))];
  const end = rows.reduce((most, { share, p99 }) => Math.max(most, share, p99), 0.01);
  const svg = drawPlot(`Share of groups over |t| = ${blockThreshold} by tokens`, {
    width,
    height: 40 + 34 * rows.length,
    marginLeft: 74,
    marginRight: 140,
    marginTop: 6,
    marginBottom: 28,
    x: { domain: [0, end], label: null },
    y: { domain: rows.map(({ name }) => name), label: null, padding: 0.35 },
    marks: [
      axisX({ ticks: 4, tickSize: 3, color: "var(--soft)", tickFormat: "%", label: null }),
      axisY({ tickSize: 0, color: "var(--soft)", label: null }),
      barX(rows, { y: "name", x: "share", fill: "var(--accent)" }),
      barX(rows, {
        y: "name",
        x1: "median",
        x2: "p99",
        fill: "var(--null)",
        fillOpacity: 0.75,
        insetTop: 4,
        insetBottom: 4,
      }),
      tickX(rows, { y: "name", x: "p99", stroke: "var(--ink)", strokeWidth: 1.5 }),
      text(rows, {
        y: "name",
        x: ({ share, p99 }: Row) => Math.max(share, p99),
        text: ({ share, p99, isTested }: Row) =>
          isTested ? `${formatShare(share)} (null p99 ${formatShare(p99)})` : "nothing varies",
        textAnchor: "start",
        dx: 6,
        fill: "var(--ink)",
        stroke: "var(--paper)",
        strokeWidth: 4,
      }),
      ruleX([0], { stroke: "var(--ink)" }),
    ],
  });
  return { name: "segments", svg };
}

/** {@link drawSegments} with its caption, in both widths. */
export function renderSegmentsFigure(analysis: Analysis): Html | null {
  const { blockThreshold } = analysis;
  const drawings = drawBothWidths((width) => drawSegments(analysis, width));
  return (
    drawings &&
    html`<figure id="segment-shares">
      ${drawings}
      <figcaption>
        Share of the tested groups over |t| = ${blockThreshold}, over all tokens and over one part of them at
        a time. Grey: the null of each, from its median to its 99th percentile (black).
      </figcaption>
    </figure>`
  );
}

interface Row {
  readonly name: string;
  readonly share: number;
  readonly median: number;
  readonly p99: number;
  readonly isTested: boolean;
}

function shareOf(name: string, { signFlip }: GranularityResult): Row {
  const [first] = signFlip?.thresholds ?? [];
  const units = signFlip?.testedUnits ?? 1;
  return {
    name,
    share: (first?.observed ?? 0) / units,
    median: (first?.null.p50 ?? 0) / units,
    p99: (first?.null.p99 ?? 0) / units,
    isTested: first !== undefined,
  };
}

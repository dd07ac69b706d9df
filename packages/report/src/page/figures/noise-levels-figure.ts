import { axisX, axisY, cell, text } from "@observablehq/plot";
import type { Analysis } from "../../statistics/analyze-captures.ts";
import { formatShare } from "../../text/format-number.ts";
import { html, type Html } from "../html.ts";
import type { Figure } from "./figure.ts";
import { drawBothWidths, drawPlot, WIDE } from "./plot-document.ts";

/** The share of groups over the first threshold in each block at each noise level, as a map of block × σ. */
export function drawNoiseLevels(
  { repetitions, blockThreshold }: Analysis,
  width: number = WIDE,
): Figure | null {
  const { noiseLevels = [] } = repetitions ?? {};
  const [first] = noiseLevels;
  if (first === undefined) return null;
  const rows = noiseLevels.flatMap(({ sigma, shares }) => shares.map((cellOf) => ({ ...cellOf, sigma })));
  const greatest = rows.reduce((most, { share }) => Math.max(most, share), 0.01);
  const blocks = first.shares.map(({ block }) => block);
  const svg = drawPlot(`Share of groups over |t| = ${blockThreshold} by block and noise level`, {
    width,
    height: 34 + 20 * blocks.length,
    marginLeft: 74,
    marginRight: 4,
    marginTop: 4,
    marginBottom: 30,
    x: { domain: noiseLevels.map(({ sigma }) => sigma), label: null, padding: 0.02 },
    y: { domain: blocks, label: null, padding: 0.05 },
    marks: [
      axisX({
        tickSize: 0,
        color: "var(--soft)",
        label: null,
        tickFormat: (sigma: number) => `σ = ${sigma}`,
      }),
      axisY({ tickSize: 0, color: "var(--soft)", label: null }),
      cell(rows, {
        x: "sigma",
        y: "block",
        fill: "var(--accent)",
        fillOpacity: ({ share }: Row) => (0.85 * share) / greatest,
        stroke: "var(--soft)",
        strokeOpacity: 0.25,
      }),
      text(rows, {
        x: "sigma",
        y: "block",
        text: ({ share }: Row) => formatShare(share),
        fill: "var(--ink)",
        stroke: "var(--paper)",
        strokeWidth: 2.5,
      }),
    ],
  });
  return { name: "noise-levels", svg };
}

/** {@link drawNoiseLevels} with its caption, in both widths. */
export function renderNoiseLevelsFigure(analysis: Analysis): Html | null {
  const drawings = drawBothWidths((width) => drawNoiseLevels(analysis, width));
  return (
    drawings &&
    html`<figure id="noise-level-shares">
      ${drawings}
      <figcaption>
        Share of the groups over |t| = ${analysis.blockThreshold} in each block at each noise level, the mean
        over images and noises; the darker, the larger.
      </figcaption>
    </figure>`
  );
}

interface Row {
  readonly block: string;
  readonly sigma: number;
  readonly share: number;
}

import { type Markish, ruleX, ruleY } from "@observablehq/plot";
import type { Analysis } from "../../results/analyze-captures.ts";
import { formatCount, formatP, formatT } from "../../results/format-number.ts";
import { shown } from "../../results/result-rows.ts";
import type { HalvesSummary, Summary, TokenLengthSummary } from "../../results/summary.ts";
import { html, type Html } from "../html.ts";
import { renderNumber } from "../shown-number.ts";
import type { ScatterPoints } from "./page-data.ts";
import { NARROW } from "./plot-document.ts";
import { drawScatter, symmetricDomain } from "./scatter.ts";

/** The scatter plots of this section, as far as there is something to draw. */
export interface RobustnessPoints {
  /** t of every group in one half of the pairs, and in the other. */
  readonly halves?: ScatterPoints;
  /** Each group's correlation with the token difference, and its t. */
  readonly tokens?: ScatterPoints;
}

/** Where the groups stand in the scatter plots of {@link renderRobustness}. */
export function robustnessPoints(
  { halves, granularities }: Analysis,
  correlation: Float64Array | undefined,
): RobustnessPoints {
  const t = granularities.find(({ name }) => name === "group")?.pairedT.t;
  return {
    ...(halves !== null && {
      halves: { x: Float32Array.from(halves.example.even), y: Float32Array.from(halves.example.odd) },
    }),
    ...(correlation !== undefined &&
      t !== undefined && { tokens: { x: Float32Array.from(correlation), y: Float32Array.from(t) } }),
  };
}

/** Whether other pairs would have shown the same, and whether prompt length shows instead of the contrast. */
export function renderRobustness(
  { halves, tokenLength, blockThreshold }: Summary,
  { granularities }: Analysis,
  points: RobustnessPoints,
): Html | null {
  const t = granularities.find(({ name }) => name === "group")?.pairedT.t;
  const isStrong = (unit: number): boolean => Math.abs(t?.[unit] ?? 0) > blockThreshold;
  const figures = [
    ...(halves === null || points.halves === undefined
      ? []
      : [renderHalves(halves, points.halves, isStrong)]),
    ...(tokenLength === null || points.tokens === undefined
      ? []
      : [renderTokens(tokenLength, points.tokens, isStrong)]),
  ];
  if (figures.length === 0) return null;
  return html`<section id="robustness">
    <h2>Does it hold up?</h2>
    <p>Each dot is a group; coloured are those over |t| = ${blockThreshold} in all pairs together.</p>
    <div class="halves">${figures}</div>
  </section>`;
}

function renderHalves(
  { splits, median, lowerQuartile, upperQuartile, nullP99, p }: HalvesSummary,
  points: ScatterPoints,
  isStrong: (unit: number) => boolean,
): Html {
  const domain = symmetricDomain([...points.x, ...points.y]);
  const drawn = drawScatter(
    {
      name: "halves",
      label: "t of every group in the pairs of even place and in those of odd place",
      ...points,
      isStrong,
      xAxis: { label: "t, pairs of even place →", domain },
      yAxis: { label: "↑ t, pairs of odd place", domain },
      under: zeroLines(),
    },
    NARROW,
    NARROW,
  );
  const r = (value: number): Html => renderNumber(shown(value, formatT));
  return html`<figure id="halves">
    <h3>The same groups in other pairs</h3>
    ${drawn}
    <figcaption>
      Each group's t in one half of the pairs and in the other. Over ${splits} random halvings the correlation
      is ${r(median)} in the median (quartiles ${r(lowerQuartile)} and ${r(upperQuartile)}); when the labels
      mean nothing, its 99th percentile is ${r(nullP99)} (p = ${renderNumber(shown(p, formatP))}).
    </figcaption>
  </figure>`;
}

function renderTokens(
  { differingPairs, medianAbsR, thresholds }: TokenLengthSummary,
  points: ScatterPoints,
  isStrong: (unit: number) => boolean,
): Html {
  const drawn = drawScatter(
    {
      name: "tokens",
      label: "Each group's correlation with the difference of token counts, and its t",
      ...points,
      isStrong,
      xAxis: { label: "r with the token difference →", domain: [-1, 1] },
      yAxis: { label: "↑ t", domain: symmetricDomain(points.y) },
      under: zeroLines(),
    },
    NARROW,
    NARROW,
  );
  const adjusted = thresholds.map(
    ({ threshold, count }, place) =>
      html`${place === 0 ? "" : ", "}${renderNumber(shown(count, formatCount))} over |t| = ${threshold}`,
  );
  return html`<figure id="tokens">
    <h3>Prompt length</h3>
    ${drawn}
    <figcaption>
      ${differingPairs} pairs differ in their number of tokens. Sideways: how each group's difference goes
      with the token difference over the pairs (median |r| ${renderNumber(shown(medianAbsR, formatT))}).
      Strong groups far out to one side may answer to length. With the token difference regressed out there
      remain: ${adjusted}.
    </figcaption>
  </figure>`;
}

function zeroLines(): Markish[] {
  const style = { stroke: "var(--line)" };
  return [ruleX([0], style), ruleY([0], style)];
}

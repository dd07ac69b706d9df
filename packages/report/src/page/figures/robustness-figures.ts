import { type Markish, ruleX, ruleY } from "@observablehq/plot";
import type { Analysis } from "../../statistics/analyze-captures.ts";
import { formatCount, formatP, formatT } from "../../text/format-number.ts";
import { shown } from "../../text/result-rows.ts";
import type { HalvesSummary, Summary, TokenLengthSummary } from "../../summary/summary.ts";
import { html, type Html } from "../html.ts";
import { renderNumber } from "../sections/shown-number.ts";
import type { ScatterPoints } from "../encode-page-data.ts";
import type { Figure } from "./figure.ts";
import { NARROW } from "./plot-document.ts";
import { drawScatter, type Scatter, symmetricDomain } from "./scatter.ts";

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

/** The scatter plots of this section, as far as there is something to draw. */
export interface RobustnessFigures {
  readonly halves: Figure | null;
  readonly tokens: Figure | null;
}

/** Draws what {@link robustnessPoints} places; coloured are the groups over the block threshold in all pairs together. */
export function drawRobustness(
  { granularities, blockThreshold }: Analysis,
  { halves, tokens }: RobustnessPoints,
): RobustnessFigures {
  const t = granularities.find(({ name }) => name === "group")?.pairedT.t;
  const isStrong = (unit: number): boolean => Math.abs(t?.[unit] ?? 0) > blockThreshold;
  const bothHalves = symmetricDomain([...(halves?.x ?? []), ...(halves?.y ?? [])]);
  return {
    halves: halves
      ? {
          name: "split-half",
          svg: drawSquare({
            name: "halves",
            label: "t of every group in the pairs of even place and in those of odd place",
            ...halves,
            isStrong,
            xAxis: { label: "t, pairs of even place →", domain: bothHalves },
            yAxis: { label: "↑ t, pairs of odd place", domain: bothHalves },
          }),
        }
      : null,
    tokens: tokens
      ? {
          name: "token-length",
          svg: drawSquare({
            name: "tokens",
            label: "Each group's correlation with the difference of token counts, and its t",
            ...tokens,
            isStrong,
            xAxis: { label: "r with the token difference →", domain: [-1, 1] },
            yAxis: { label: "↑ t", domain: symmetricDomain(tokens.y) },
          }),
        }
      : null,
  };
}

/** Whether other pairs would have shown the same, and whether prompt length shows instead of the contrast. */
export function renderRobustness(
  { halves, tokenLength, blockThreshold }: Summary,
  drawn: RobustnessFigures,
): Html | null {
  const figures = [
    ...(halves === null || drawn.halves === null ? [] : [renderHalves(halves, drawn.halves)]),
    ...(tokenLength === null || drawn.tokens === null ? [] : [renderTokens(tokenLength, drawn.tokens)]),
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
  { svg }: Figure,
): Html {
  const r = (value: number): Html => renderNumber(shown(value, formatT));
  return html`<figure id="halves">
    <h3>The same groups in other pairs</h3>
    ${svg}
    <figcaption>
      Each group's t in one half of the pairs and in the other. Over ${splits} random halvings the correlation
      is ${r(median)} in the median (quartiles ${r(lowerQuartile)} and ${r(upperQuartile)}); when the labels
      mean nothing, its 99th percentile is ${r(nullP99)} (p = ${renderNumber(shown(p, formatP))}).
    </figcaption>
  </figure>`;
}

function renderTokens({ differingPairs, medianAbsR, thresholds }: TokenLengthSummary, { svg }: Figure): Html {
  const adjusted = thresholds.map(
    ({ threshold, count }, place) =>
      html`${place === 0 ? "" : ", "}${renderNumber(shown(count, formatCount))} over |t| = ${threshold}`,
  );
  return html`<figure id="tokens">
    <h3>Prompt length</h3>
    ${svg}
    <figcaption>
      ${differingPairs} pairs differ in their number of tokens. Sideways: how each group's difference goes
      with the token difference over the pairs (median |r| ${renderNumber(shown(medianAbsR, formatT))}).
      Strong groups far out to one side may answer to length. With the token difference regressed out there
      remain: ${adjusted}.
    </figcaption>
  </figure>`;
}

function drawSquare(scatter: Omit<Scatter, "under">): Html {
  return drawScatter({ ...scatter, under: zeroLines() }, NARROW, NARROW);
}

function zeroLines(): Markish[] {
  const style = { stroke: "var(--line)" };
  return [ruleX([0], style), ruleY([0], style)];
}

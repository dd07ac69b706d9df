import type { Analysis } from "../statistics/analyze-captures.ts";
import { formatCount } from "../text/format-number.ts";
import type { Summary } from "../summary/summary.ts";
import { examineTokenLength } from "../statistics/token-length.ts";
import type { Ablation } from "@measure-plantain/probe";
import { renderAblation } from "./sections/ablation-section.ts";
import { renderControls } from "./sections/controls-section.ts";
import { renderAxes } from "./sections/axis-section.ts";
import { renderCrossed } from "./sections/crossed-section.ts";
import { renderGrades } from "./sections/grades-section.ts";
import { html, Html } from "./html.ts";
import { renderDepthFigure } from "./figures/depth-figure.ts";
import { renderHeatMap } from "./figures/heat-map-figure.ts";
import { renderNullFigures } from "./figures/null-figures.ts";
import { encodePageData } from "./encode-page-data.ts";
import { renderScript, scriptHash } from "./page-script.ts";
import { drawRobustness, renderRobustness, robustnessPoints } from "./figures/robustness-figures.ts";
import { renderVolcanoFigure, volcanoPoints } from "./figures/volcano-figure.ts";
import { pageStyle } from "./page-style.ts";
import type { ScoredPlant } from "../summary/list-plants.ts";
import { renderPlan } from "./sections/plan-section.ts";
import { renderPlanted } from "./sections/planted-section.ts";
import type { ReportReference } from "./report-reference.ts";
import { renderPrompts } from "./sections/prompts-section.ts";
import { renderReplicates } from "./sections/replicates-section.ts";
import { renderBlocks, renderResults, renderStrongest } from "./sections/results-section.ts";
import { renderRun } from "./sections/run-section.ts";
import { renderSteering } from "./sections/steering-section.ts";
import type { SteeringSheet } from "./preview-steering.ts";
import { renderSegments } from "./sections/segments-section.ts";
import { renderTopUnits } from "./sections/top-units-section.ts";

/** What the page shows. */
export interface ReportInput {
  readonly analysis: Analysis;
  readonly summary: Summary;
  /** What the run folder's manifest says of the run, shown as it is. */
  readonly manifest: object;
  /** The fixed image that conditioned every pass. */
  readonly reference?: ReportReference;
  /** Controls in which an effect was planted; they have a section of their own. */
  readonly plants?: readonly ScoredPlant[];
  /** What the ablation of the run's strongest units did, where it was tried. */
  readonly ablation?: Ablation | null;
  /** The images that were rendered with units of the run scaled, where that was done. */
  readonly steering?: SteeringSheet | null;
  /** The commands that make this run again; `null` if none are known. */
  readonly command?: string | null;
}

/**
 * The report of a run as one HTML page that needs no other file and no network.
 *
 * Its numbers are those of the summary, each in a `data` element whose value has all digits.
 */
export function renderReport({
  analysis,
  summary,
  manifest,
  reference,
  plants = [],
  ablation = null,
  steering = null,
  command = null,
}: ReportInput): string {
  const volcano = volcanoPoints(analysis);
  const robustness = robustnessPoints(analysis, examineTokenLength(analysis, summary.audit)?.r);
  const data = encodePageData(analysis, summary, { ...(volcano && { volcano }), ...robustness });
  const page = html`<!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <meta name="color-scheme" content="light dark" />
        <meta
          http-equiv="Content-Security-Policy"
          content="default-src 'none'; img-src data:; style-src 'unsafe-inline'; script-src '${scriptHash}'"
        />
        <title>${summary.promptSet.title}</title>
        <style>
          ${new Html(pageStyle)}
        </style>
      </head>
      <body>
        <main>
          ${renderHeader(summary)} ${renderResults(summary)} ${renderControls(summary, plants)}
          ${renderCrossed(summary)} ${renderAxes(summary)} ${renderPlanted(plants)}
          ${renderAblation(ablation)} ${renderSteering(steering)} ${renderPlan(summary)}
          ${renderConclusions(summary)} ${renderHeatMap(analysis, summary, data)}
          ${renderBlocks(summary, renderDepthFigure(analysis))}
          ${renderStrongest(summary, renderVolcanoFigure(analysis, summary))} ${renderTopUnits(summary)}
          ${renderNullFigures(analysis, summary)}
          ${renderRobustness(summary, drawRobustness(analysis, robustness))}
          ${renderBreakdowns(summary, analysis)} ${renderReplicates(summary, analysis)}
          ${renderPrompts(summary)} ${renderRun({ manifest, reference, command })}
        </main>
        ${renderScript(data)}
      </body>
    </html> `;
  return page.markup;
}

function renderHeader({ promptSet, checkpoint, pairs, device, signFlips, notices }: Summary): Html {
  const flips = signFlips.exact
    ? `all ${formatCount(signFlips.labellings)} sign flips`
    : `${formatCount(signFlips.labellings)} random sign flips (seed ${signFlips.seed})`;
  return html`<header>
    <p class="eyebrow">Attention probe</p>
    <h1 dir="auto">${promptSet.title}</h1>
    <p class="lead">
      <bdi>${promptSet.labels.b}</bdi> − <bdi>${promptSet.labels.a}</bdi>: the root mean square that enters
      every attention output projection, per unit, as a paired t over ${pairs} prompt pairs.
    </p>
    <dl class="facts">
      <div>
        <dt>Checkpoint</dt>
        <dd><bdi>${checkpoint.id}</bdi></dd>
      </div>
      <div>
        <dt>Prompt set</dt>
        <dd><bdi>${promptSet.name}</bdi> ${promptSet.version}</dd>
      </div>
      <div>
        <dt>Pairs</dt>
        <dd>${pairs}</dd>
      </div>
      <div>
        <dt>Null</dt>
        <dd>${flips}</dd>
      </div>
      <div>
        <dt>Device</dt>
        <dd>${device}</dd>
      </div>
    </dl>
    ${
      checkpoint.isSynthesized
        ? html`<p class="notice" role="note">
            <strong>Random weights.</strong> This run is a control, not evidence about FLUX.2.
          </p>`
        : null
    }
    ${notices.map(
      ({ title, text }) =>
        html`<p class="notice" role="note" dir="auto"><strong>${title}.</strong> ${text}</p>`,
    )}
  </header>`;
}

/** What only some runs have: the grades of the pairs, the parts of the tokens. */
function renderBreakdowns(summary: Summary, analysis: Analysis): Html {
  return html`${renderGrades(summary)}${renderSegments(summary, analysis)}`;
}

function renderConclusions({ conclusions }: Summary): Html {
  const list = (items: readonly string[]): Html =>
    html`<ul>
      ${items.map((item) => html`<li dir="auto">${item}</li>`)}
    </ul>`;
  return html`<section id="conclusions" class="columns">
    <div>
      <h2>What may be concluded</h2>
      ${list(conclusions.may)}
    </div>
    <div>
      <h2>What may not</h2>
      ${list(conclusions.mayNot)}
    </div>
  </section>`;
}

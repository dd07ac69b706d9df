import type { Analysis } from "../results/analyze-captures.ts";
import { describeGranularity } from "../results/granularity-names.ts";
import type { GranularityName } from "../results/granularities.ts";
import { summarize, type SummaryContext } from "../results/summary.ts";
import { examineTokenLength } from "../results/token-length.ts";
import { type ColourScheme, print } from "./colour-schemes.ts";
import { renderDepthFigure } from "./figures/depth-figure.ts";
import { drawHeatMap } from "./figures/heat-map-svg.ts";
import { renderNullFigures } from "./figures/null-figures.ts";
import { renderRobustness, robustnessPoints } from "./figures/robustness-figures.ts";
import { renderSegmentsFigure } from "./figures/segments-figure.ts";
import { renderVolcanoFigure } from "./figures/volcano-figure.ts";
import type { Html } from "./html.ts";

/** A figure of the report as a file of its own. */
export interface FigureFile {
  /** Its name without an extension, as `heat-map-group`. */
  readonly name: string;
  /** An SVG document on white paper, for print and for other pages. */
  readonly svg: string;
}

/** Every figure of the report as an SVG document that stands alone. */
export function renderFigureFiles(analysis: Analysis, context: SummaryContext): FigureFile[] {
  const summary = summarize(analysis, context);
  const { promptSet, granularities } = summary;
  const describe = (name: GranularityName): string =>
    describeGranularity(
      granularities.find((granularity) => granularity.name === name) ?? { name, channelsPerUnit: null },
    );
  const points = robustnessPoints(analysis, examineTokenLength(analysis, context.audit)?.r);
  const statistics = [...analysis.thresholds.map((threshold) => `over-${threshold}`), "maximum"];
  const tested = analysis.granularities.filter(({ signFlip }) => signFlip !== null);
  const robustness = [
    ...(summary.halves === null ? [] : ["split-half"]),
    ...(summary.tokenLength === null ? [] : ["token-length"]),
  ];
  return [
    ...analysis.granularities.flatMap((granularity) =>
      nameDrawings(
        drawHeatMap(granularity, {
          scheme: print,
          label: `t of ${describe(granularity.name)}, ${promptSet.labels.b} − ${promptSet.labels.a}`,
        }),
        [`heat-map-${granularity.name}`],
      ),
    ),
    ...nameDrawings(renderDepthFigure(analysis), ["blocks"]),
    ...nameDrawings(renderVolcanoFigure(analysis, summary), ["volcano"]),
    ...nameDrawings(
      renderNullFigures(analysis, summary),
      tested.flatMap(({ name }) => statistics.map((statistic) => `null-${name}-${statistic}`)),
    ),
    ...nameDrawings(renderRobustness(summary, analysis, points), robustness),
    ...nameDrawings(renderSegmentsFigure(analysis), ["segments"]),
  ];
}

/** The drawings in a piece of the page, in their order; a narrow copy of the one before it is left out. */
function nameDrawings(markup: Html | null, names: readonly string[]): FigureFile[] {
  const whole = (markup?.markup ?? "").replaceAll(/<div class="narrow">.*?<\/svg>/gs, "");
  return Array.from(whole.matchAll(/<svg.*?<\/svg>/gs), ([drawing], place) => ({
    name: names[place] ?? `figure-${place}`,
    svg: standAlone(drawing, print),
  }));
}

/** Gives a drawing what the page gave it: a namespace, a typeface, a ground, and colours. */
function standAlone(drawing: string, scheme: ColourScheme): string {
  const style =
    "<style>svg{color:var(--ink);font-family:system-ui,sans-serif}" +
    ".dots{fill:none;stroke:var(--null);stroke-width:2.4;stroke-linecap:round}" +
    '.dots.strong{stroke:var(--accent)}</style><rect width="100%" height="100%" fill="var(--paper)"/>';
  return escapeAttributes(drawing)
    .replaceAll(/ xmlns(:\w+)?="[^"]*"/g, "")
    .replaceAll(/font-family: ?inherit;?/g, "")
    .replace("<svg", '<svg xmlns="http://www.w3.org/2000/svg"')
    .replace(/^<svg(?:"[^"]*"|[^">])*>/, (tag) => tag + titleOf(tag) + style)
    .replaceAll(
      /var\(--([\w-]+)\)/g,
      (whole, name: string) => new Map(Object.entries(scheme)).get(name) ?? whole,
    );
}

/** What a figure shows, as its title: the label that it has on the page. */
function titleOf(tag: string): string {
  const [, label] = /aria-label="([^"]*)"/.exec(tag) ?? [];
  return label === undefined ? "" : `<title>${label}</title>`;
}

/** HTML leaves a `<` between quotes as it is, which XML does not allow. */
function escapeAttributes(drawing: string): string {
  return drawing.replaceAll(/<[a-zA-Z][\w:-]*(?:\s+[\w:-]+="[^"]*")*\s*\/?>/g, (tag) =>
    tag.replaceAll(/"[^"]*"/g, (value) => value.replaceAll("<", "&lt;").replaceAll(">", "&gt;")),
  );
}

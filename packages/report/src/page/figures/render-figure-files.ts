import type { Analysis } from "../../statistics/analyze-captures.ts";
import { describeGranularity, titleGranularity } from "../../text/granularity-names.ts";
import type { Summary } from "../../summary/summary.ts";
import { examineTokenLength } from "../../statistics/token-length.ts";
import { type ColourScheme, print } from "../colour-schemes.ts";
import { drawBlocks } from "./depth-figure.ts";
import type { Figure } from "./figure.ts";
import { drawHeatMap } from "./heat-map-svg.ts";
import { drawNoiseLevels } from "./noise-levels-figure.ts";
import { drawNulls } from "./null-figures.ts";
import { drawProjection } from "./projection-figure.ts";
import { drawRobustness, robustnessPoints } from "./robustness-figures.ts";
import { drawSegments } from "./segments-figure.ts";
import { drawVolcano } from "./volcano-figure.ts";

/** A figure of the report as a file of its own. */
export interface FigureFile {
  /** Its name without an extension, as `heat-map-group`. */
  readonly name: string;
  /** An SVG document on white paper, for print and for other pages. */
  readonly svg: string;
}

/** Every figure of the report as an SVG document that stands alone. */
export function renderFigureFiles(analysis: Analysis, summary: Summary): FigureFile[] {
  const { crossed, promptSet } = summary;
  const { labels } = promptSet;
  const granularities = analysis.granularities.map((result) => ({
    result,
    named: summary.granularities.find(({ name }) => name === result.name) ?? {
      name: result.name,
      channelsPerUnit: null,
    },
  }));
  const points = robustnessPoints(analysis, examineTokenLength(analysis, summary.audit)?.r);
  const robustness = drawRobustness(analysis, points);
  const figures: readonly (Figure | null)[] = [
    ...granularities.map(({ result, named }) =>
      drawHeatMap(result, {
        scheme: print,
        label: `t of ${describeGranularity(named)}, ${labels.b} − ${labels.a}`,
      }),
    ),
    ...granularities
      .filter(({ result }) => result.name === "group")
      .flatMap(({ result, named }) =>
        (analysis.repetitions?.noiseLevels ?? []).map(({ sigma, t }) =>
          drawHeatMap(
            { ...result, pairedT: { t } },
            {
              scheme: print,
              label: `t of ${describeGranularity(named)} at noise level ${sigma}, ${labels.b} − ${labels.a}`,
              suffix: `-sigma-${sigma}`,
            },
          ),
        ),
      ),
    drawBlocks(analysis),
    drawVolcano(analysis, summary),
    ...granularities.flatMap(({ result, named }) => drawNulls(result, titleGranularity(named))),
    summary.halves && robustness.halves,
    summary.tokenLength && robustness.tokens,
    drawSegments(analysis),
    ...(crossed?.transfers.map((transfer) => drawProjection(crossed, transfer)) ?? []),
    drawNoiseLevels(analysis),
  ];
  return figures
    .filter((figure) => figure !== null)
    .map(({ name, svg }) => ({ name, svg: standAlone(svg.markup, print) }));
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

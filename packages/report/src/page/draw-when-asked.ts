// Pages and figures are drawn with a document model and a plotting library, half of what loading this package would take.
// They are loaded with the first drawing: who only reads a run, or is told why it cannot be read, does not wait for them.
import type { RunFolder } from "@measure-plantain/probe";
import type { Analysis } from "../statistics/analyze-captures.ts";
import type { RunResults } from "../statistics/run-results.ts";
import type { Summary } from "../summary/summary.ts";
import type { FormatCommands } from "../text/describe-results.ts";
import type { FigureFile } from "./figures/render-figure-files.ts";

/** The report of a run folder, with its fixed image, its controls and what was ablated. */
export async function formatRunPage(
  run: RunFolder,
  results: RunResults,
  commands?: FormatCommands,
): Promise<string> {
  const drawing = await import("./drawing.ts");
  return drawing.formatRunPage(run, results, commands);
}

/**
 * Every figure of the report as an SVG document that stands alone.
 *
 * @example
 * const [{ name, svg }] = await renderFigureFiles(results.analysis, results.summary);
 */
export async function renderFigureFiles(analysis: Analysis, summary: Summary): Promise<FigureFile[]> {
  const drawing = await import("./drawing.ts");
  return drawing.renderFigureFiles(analysis, summary);
}

/** Writes every figure of a run as SVG and PNG. */
export async function writeFigures(
  folder: RunFolder,
  results: { readonly analysis: Analysis; readonly summary: Summary },
): Promise<void> {
  const drawing = await import("./drawing.ts");
  await drawing.writeFigures(folder, results);
}

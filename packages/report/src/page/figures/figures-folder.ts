import { existsSync } from "node:fs";
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import type { Analysis } from "../../statistics/analyze-captures.ts";
import type { Summary } from "../../summary/summary.ts";
import type { RunFolder } from "@measure-plantain/probe";
import { renderFigureFiles } from "./render-figure-files.ts";
import { drawFigurePng } from "./draw-figure-png.ts";

/** Where a run folder keeps its figures. */
export const FIGURES_FOLDER = "figures";

/** Whether figures were written before: then they are written anew with the statistics, so that none of them grows old. */
export function hasFigures(folder: RunFolder): boolean {
  return existsSync(folder.file(FIGURES_FOLDER));
}

/** Writes every figure of a run as SVG and PNG. */
export async function writeFigures(
  folder: RunFolder,
  { analysis, summary }: { readonly analysis: Analysis; readonly summary: Summary },
): Promise<void> {
  await mkdir(folder.file(FIGURES_FOLDER), { recursive: true });
  for (const { name, svg } of renderFigureFiles(analysis, summary)) {
    await folder.write(join(FIGURES_FOLDER, `${name}.svg`), svg);
    await folder.write(join(FIGURES_FOLDER, `${name}.png`), await drawFigurePng(svg));
  }
}

import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import type { RunFolder } from "@measure-plantain/probe";
import type { Analysis } from "../../statistics/analyze-captures.ts";
import type { Summary } from "../../summary/summary.ts";
import { drawFigurePng } from "./draw-figure-png.ts";
import { FIGURES_FOLDER } from "./figures-folder.ts";
import { renderFigureFiles } from "./render-figure-files.ts";

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

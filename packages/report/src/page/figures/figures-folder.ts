import { existsSync } from "node:fs";
import type { RunFolder } from "@measure-plantain/probe";

/** Where a run folder keeps its figures. */
export const FIGURES_FOLDER = "figures";

/** Whether figures were written before: then they are written anew with the statistics, so that none of them grows old. */
export function hasFigures(folder: RunFolder): boolean {
  return existsSync(folder.file(FIGURES_FOLDER));
}

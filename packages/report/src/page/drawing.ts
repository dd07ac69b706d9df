// All that is drawn, in one module, so that the build makes one file of it: see draw-when-asked.ts.
export { renderFigureFiles } from "./figures/render-figure-files.ts";
export { writeFigures } from "./figures/write-figures.ts";
export { formatRunPage } from "./format-run-page.ts";

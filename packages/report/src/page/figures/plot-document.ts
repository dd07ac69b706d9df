/// <reference lib="dom" />
import { plot, type PlotOptions } from "@observablehq/plot";
import { parseHTML } from "linkedom";
import { Html } from "../html.ts";
import type { Figure } from "./figure.ts";

/** The widths of a figure's two drawings: one for a wide page, one for a phone's. */
export const WIDE = 700;
export const NARROW = 340;

/** The document that figures are drawn in, on a machine without one. */
export const plotDocument: Document = parseHTML("<!doctype html><html><body></body></html>").document;

/** Figures take the page's typeface and colours. */
export const plotStyle = {
  background: "none",
  fontFamily: "inherit",
  fontSize: "11px",
  overflow: "visible",
} as const;

/** Draws a figure with Observable Plot, as SVG whose colours follow the page's scheme. */
export function drawPlot(label: string, options: PlotOptions): Html {
  return new Html(plot({ document: plotDocument, ariaLabel: label, style: plotStyle, ...options }).outerHTML);
}

/** A figure drawn twice, for a wide page and for a phone, so that its text is as large on both; null if it has nothing to show. */
export function drawBothWidths(draw: (width: number) => Figure | null): Html | null {
  const [wide, narrow] = [draw(WIDE), draw(NARROW)];
  if (wide === null || narrow === null) return null;
  return new Html(`<div class="wide">${wide.svg.markup}</div><div class="narrow">${narrow.svg.markup}</div>`);
}

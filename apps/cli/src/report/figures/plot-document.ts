/// <reference lib="dom" />
import { plot, type PlotOptions } from "@observablehq/plot";
import { parseHTML } from "linkedom";
import { Html } from "../html.ts";

/** Below this width of the page, in CSS pixels, a figure shows its narrow drawing. */
export const NARROW_WIDTH = 340;
const WIDE_WIDTH = 700;

const { document } = parseHTML("<!doctype html><html><body></body></html>");

/** Draws a figure with Observable Plot, as SVG whose colours follow the page's scheme. */
export function drawPlot(label: string, options: PlotOptions): Html {
  const drawn = plot({
    document,
    ariaLabel: label,
    style: { background: "none", fontFamily: "inherit", fontSize: "11px", overflow: "visible" },
    ...options,
  });
  return new Html(drawn.outerHTML);
}

/** Draws a figure twice, for a wide page and for a phone, so that its text is as large on both. */
export function drawBothWidths(draw: (width: number) => Html): Html {
  const drawings = ([["wide", WIDE_WIDTH] as const, ["narrow", NARROW_WIDTH] as const] as const).map(
    ([name, width]) => `<div class="${name}">${draw(width).markup}</div>`,
  );
  return new Html(drawings.join(""));
}

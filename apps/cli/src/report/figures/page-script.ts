import { createHash } from "node:crypto";
import { formatMeasure, formatP, formatT } from "../../results/format-number.ts";
import {
  divergingColours,
  mountHeatMap,
  paintCells,
  paintLabels,
  unitAt,
  zoomView,
} from "../browser/heat-map.ts";
import type { PageData } from "../browser/page-data.ts";
import { mountPoints } from "../browser/points.ts";
import { startPage } from "../browser/start-page.ts";
import { createUnitPointer } from "../browser/unit-pointer.ts";
import { Html } from "../html.ts";

/** The page's script: the functions of `browser/`, written out as they are, and a call of `startPage`. */
const script = [
  // these call each other by name, so they stand side by side
  ...[unitAt, zoomView, divergingColours, paintCells, paintLabels, mountHeatMap].map(String),
  `(${String(startPage)})({
mountHeatMap: ${mountHeatMap.name},
mountPoints: ${String(mountPoints)},
createUnitPointer: ${String(createUnitPointer)},
formats: { formatT: ${String(formatT)}, formatP: ${String(formatP)}, formatMeasure: ${String(formatMeasure)} }
});`,
].join("\n");

/** What the page's security policy allows to run: this script and nothing else. */
export const scriptHash: string = `sha256-${createHash("sha256").update(script).digest("base64")}`;

/** The page's data and script. */
export function renderScript(data: PageData): Html {
  const json = JSON.stringify(data).replaceAll("<", "\\u003c");
  return new Html(
    `<div id="unit-pointer" role="status" hidden></div>\n` +
      `<script type="application/json" id="page-data">${json}</script>\n<script>${script}</script>`,
  );
}

import { createHash } from "node:crypto";
import { formatMeasure, formatP, formatT } from "../../results/format-number.ts";
import { mountHeatMap } from "../browser/heat-map.ts";
import { unitAt, zoomView } from "../browser/heat-map-view.ts";
import type { PageData } from "../browser/page-data.ts";
import { divergingColours, paintCells, paintLabels } from "../browser/paint-heat-map.ts";
import { mountPoints } from "../browser/points.ts";
import { startPage } from "../browser/start-page.ts";
import { createUnitPointer } from "../browser/unit-pointer.ts";
import { Html } from "../html.ts";

/** Functions as the members of an object literal, each written out as it is. */
function writeOut(functions: Readonly<Record<string, { toString(): string }>>): string {
  const members = Object.entries(functions).map(([name, written]) => `${name}: ${written.toString()}`);
  return `{\n${members.join(",\n")}\n}`;
}

/** The page's script: the functions of `browser/`, written out as they are, and a call of `startPage`. */
const script = `(${String(startPage)})({
mountHeatMap: ${String(mountHeatMap)},
heatMapParts: ${writeOut({ unitAt, zoomView, divergingColours, paintCells, paintLabels })},
mountPoints: ${String(mountPoints)},
createUnitPointer: ${String(createUnitPointer)},
formats: ${writeOut({ formatT, formatP, formatMeasure })}
});`;

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

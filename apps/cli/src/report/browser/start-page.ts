/// <reference lib="dom" />
/// <reference lib="dom.iterable" />
// This function runs in the page: it is written into it as it stands, so it uses nothing but its parameters and the
// browser.
import type { HeatMapParts, mountHeatMap } from "./heat-map.ts";
import type { EncodedMap, PageData, UnitMap } from "./page-data.ts";
import type { mountPoints } from "./points.ts";
import type { createUnitPointer, NumberFormats } from "./unit-pointer.ts";

/** The other functions of the page. */
export interface PageParts {
  readonly mountHeatMap: typeof mountHeatMap;
  readonly heatMapParts: HeatMapParts;
  readonly mountPoints: typeof mountPoints;
  readonly createUnitPointer: typeof createUnitPointer;
  readonly formats: NumberFormats;
}

/** Reads the page's data and brings its figures to life. */
export function startPage(parts: PageParts): void {
  const source = document.getElementById("page-data")?.textContent;
  const tooltip = document.getElementById("unit-pointer");
  if (!source || !tooltip) return;
  const data = JSON.parse(source) as PageData;
  const bytes = (text: string): ArrayBuffer =>
    Uint8Array.from(atob(text), (character) => character.charCodeAt(0)).buffer;
  const decode = (text: string): Float64Array => new Float64Array(bytes(text));
  const maps = data.maps.map(({ addresses, values, ...places }: EncodedMap): UnitMap => {
    const { t, p, familyWise, mean, a, b } = values;
    return {
      ...places,
      addresses: addresses.split("\n"),
      values: {
        t: decode(t),
        p: decode(p),
        familyWise: decode(familyWise),
        mean: decode(mean),
        a: decode(a),
        b: decode(b),
      },
    };
  });
  const pointer = parts.createUnitPointer(tooltip, data, parts.formats);
  const heatMap = document.querySelector<HTMLElement>("figure.heat-map");
  if (heatMap) parts.mountHeatMap(heatMap, maps, pointer, parts.heatMapParts);
  for (const svg of document.querySelectorAll<SVGSVGElement>("svg[data-points]")) {
    const points = data.points[svg.dataset["points"] ?? ""];
    const map = points && maps[points.map];
    if (points && map) {
      const { x, y } = points;
      parts.mountPoints(svg, { x: new Float32Array(bytes(x)), y: new Float32Array(bytes(y)) }, map, pointer);
    }
  }
}

/// <reference lib="dom" />
/// <reference lib="dom.iterable" />
import { mountHeatMap } from "./heat-map.ts";
import type { EncodedMap, PageData, UnitMap } from "./page-data.ts";
import { mountPoints } from "./points.ts";
import { createUnitPointer } from "./unit-pointer.ts";

/** Reads the page's data and brings its figures to life. */
function startPage(): void {
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
  const pointer = createUnitPointer(tooltip, data);
  const heatMap = document.querySelector<HTMLElement>("figure.heat-map");
  if (heatMap) mountHeatMap(heatMap, maps, pointer);
  for (const svg of document.querySelectorAll<SVGSVGElement>("svg[data-points]")) {
    const points = data.points[svg.dataset["points"] ?? ""];
    const map = points && maps[points.map];
    if (points && map) {
      const { x, y } = points;
      mountPoints(svg, { x: new Float32Array(bytes(x)), y: new Float32Array(bytes(y)) }, map, pointer);
    }
  }
}

startPage();

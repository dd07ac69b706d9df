/// <reference lib="dom" />
/// <reference lib="dom.iterable" />
// This function runs in the page: it is written into it as it stands, so it uses nothing but its parameters and the
// browser.
import type { mountHeatMap } from "./heat-map.ts";
import type { EncodedMap, PageData, UnitMap } from "./page-data.ts";
import type { mountPoints } from "./points.ts";
import type { createUnitPointer, NumberFormats } from "./unit-pointer.ts";

/** The other functions of the page. */
export interface PageParts {
  readonly mountHeatMap: typeof mountHeatMap;
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
  const decode = (text: string): Float64Array =>
    new Float64Array(Uint8Array.from(atob(text), (character) => character.charCodeAt(0)).buffer);
  const maps = data.maps.map(({ addresses, values, ...places }: EncodedMap): UnitMap => {
    const { t, p, mean, a, b } = values;
    return {
      ...places,
      addresses: addresses.split("\n"),
      values: { t: decode(t), p: decode(p), mean: decode(mean), a: decode(a), b: decode(b) },
    };
  });
  const pointer = parts.createUnitPointer(tooltip, data, parts.formats);
  const heatMap = document.querySelector<HTMLElement>("figure.heat-map");
  if (heatMap) parts.mountHeatMap(heatMap, maps, pointer);
  for (const figure of document.querySelectorAll<SVGElement>("svg[data-points]"))
    parts.mountPoints(figure, maps, pointer);
}

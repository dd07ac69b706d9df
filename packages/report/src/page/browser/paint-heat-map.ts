/// <reference lib="dom" />
import type { View } from "./heat-map-view.ts";
import type { UnitMap } from "./page-data.ts";

/** Where a heat map stands on its canvas, in CSS pixels. */
export interface Frame {
  readonly width: number;
  readonly height: number;
  readonly left: number;
  readonly top: number;
  readonly rowHeight: number;
}

/** |t| from which on a cell has the strongest colour. */
export const STRONGEST_COLOUR = 8;

/** 2 × 128 + 1 colours from the most negative t to the most positive, from five map colours in hexadecimal. */
export function divergingColours(
  colourOf: (name: "map-n2" | "map-n1" | "map-0" | "map-p1" | "map-p2") => string,
): string[] {
  const stops = (["map-n2", "map-n1", "map-0", "map-p1", "map-p2"] as const).map((name) => {
    const hex = colourOf(name).trim();
    return [1, 3, 5].map((at) => parseInt(hex.slice(at, at + 2), 16));
  });
  return Array.from({ length: 257 }, (_, index) => {
    const place = index / 64;
    const stop = Math.min(3, Math.floor(place));
    const mixed = [0, 1, 2].map((channel) => {
      const low = stops[stop]?.[channel] ?? 0;
      return Math.round(low + (place - stop) * ((stops[stop + 1]?.[channel] ?? 0) - low));
    });
    return `rgb(${mixed.join(",")})`;
  });
}

/** Paints the cells; where several units share a pixel, the one of the greatest |t| is seen. */
export function paintCells(
  canvas: CanvasRenderingContext2D,
  { runs, values: { t } }: UnitMap,
  { from, to }: View,
  { left, top, width, rowHeight }: Frame,
  { ratio, colours, strongest }: { ratio: number; colours: readonly string[]; strongest: number },
): void {
  const scale = ((width - left) * ratio) / (to - from);
  const origin = left * ratio;
  const colourOf = (value: number): string =>
    colours[Math.round(128 + 128 * Math.max(-1, Math.min(1, value / strongest)))] ?? "";
  for (const { row, first, units, start, step } of runs) {
    const y = Math.round((top + row * rowHeight) * ratio);
    const height = Math.round((top + (row + 1) * rowHeight) * ratio) - y - Math.ceil(ratio / 2);
    const firstShown = Math.max(0, Math.floor((from - start) / step));
    const lastShown = Math.min(units, Math.ceil((to - start) / step));
    let unit = firstShown;
    while (unit < lastShown) {
      const x = Math.max(origin, Math.round(origin + (start + unit * step - from) * scale));
      let value = t[first + unit] ?? 0;
      let next = unit + 1;
      let end = Math.round(origin + (start + next * step - from) * scale);
      while (end <= x && next < lastShown) {
        const other = t[first + next] ?? 0;
        if (Math.abs(other) > Math.abs(value)) value = other;
        next += 1;
        end = Math.round(origin + (start + next * step - from) * scale);
      }
      canvas.fillStyle = colourOf(value);
      canvas.fillRect(x, y, Math.max(1, Math.min(end, width * ratio) - x), height);
      unit = next;
    }
  }
}

/** Writes the blocks' names, and draws a line where a block's kind of channels changes. */
export function paintLabels(
  canvas: CanvasRenderingContext2D,
  { rows, runs }: UnitMap,
  { from, to }: View,
  { left, top, width, rowHeight }: Frame,
  { ratio, ink, soft, font }: { ratio: number; ink: string; soft: string; font: string },
): void {
  const xOf = (channel: number): number => left + ((channel - from) * (width - left)) / (to - from);
  canvas.save();
  canvas.scale(ratio, ratio);
  canvas.font = font;
  canvas.fillStyle = soft;
  canvas.textBaseline = "middle";
  canvas.textAlign = "right";
  const every = Math.ceil(10 / rowHeight);
  for (const [row, name] of rows.entries())
    if (row % every === 0) canvas.fillText(name, left - 8, top + (row + 0.5) * rowHeight, left - 8);
  canvas.textAlign = "left";
  for (const start of new Set(runs.map((run) => run.start))) {
    const kinds = new Set(runs.filter((run) => run.start === start).map(({ kind }) => kind));
    const x = Math.max(left, xOf(start));
    const end = Math.max(
      ...runs.filter((run) => run.start === start).map((run) => xOf(run.start + run.units * run.step)),
    );
    const label = [...kinds].join(", ");
    if (x < width && end - x > canvas.measureText(label).width)
      canvas.fillText(label, x + (start === 0 ? 0 : 4), top - 9);
  }
  canvas.fillStyle = ink;
  for (const { row, start } of runs) {
    const x = xOf(start);
    if (start > 0 && x > left && x < width) canvas.fillRect(x - 1, top + row * rowHeight, 2, rowHeight);
  }
  canvas.restore();
}

/// <reference lib="dom" />
/// <reference lib="dom.iterable" />
// These functions run in the page: they are written into it as they stand, so they use nothing but each other, their
// parameters, and the browser.
import type { UnitMap } from "./page-data.ts";
import type { UnitPointer } from "./unit-pointer.ts";

/** The part of the blocks that is on view, in channels. */
interface View {
  readonly from: number;
  readonly to: number;
}

/** Where a heat map stands on its canvas, in CSS pixels. */
interface Frame {
  readonly width: number;
  readonly height: number;
  readonly left: number;
  readonly top: number;
  readonly rowHeight: number;
}

/** |t| from which on a cell has the strongest colour. */
export const STRONGEST_COLOUR = 8;

/** The unit at a channel of a row, or −1. */
export function unitAt({ runs }: Pick<UnitMap, "runs">, row: number, channel: number): number {
  const run = runs.find(
    (candidate) =>
      candidate.row === row &&
      channel >= candidate.start &&
      channel < candidate.start + candidate.units * candidate.step,
  );
  return run === undefined ? -1 : run.first + Math.floor((channel - run.start) / run.step);
}

/** Narrows or widens a view around a channel; it never leaves the blocks nor shows fewer than 8 units. */
export function zoomView(view: View, factor: number, around: number, channels: number, step: number): View {
  const width = Math.min(channels, Math.max(8 * step, (view.to - view.from) / factor));
  const share = (around - view.from) / (view.to - view.from);
  const from = Math.min(channels - width, Math.max(0, around - share * width));
  return { from, to: from + width };
}

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

/** Puts the heat map into its figure: pointing names a unit; buttons, keys, Ctrl + wheel and dragging move the view. */
export function mountHeatMap(figure: HTMLElement, maps: readonly UnitMap[], pointer: UnitPointer): void {
  const canvas = figure.querySelector("canvas");
  const context = canvas?.getContext("2d");
  const cursor = figure.querySelector<HTMLElement>(".cursor");
  let map = maps[0];
  if (!canvas || !context || !cursor || !map) return;
  let view: View = { from: 0, to: map.channels };
  let chosen = -1;

  const frame = (): Frame => {
    const rows = map?.rows.length ?? 1;
    const rowHeight = Math.max(5, Math.min(24, 400 / rows));
    const left = canvas.clientWidth < 500 ? 52 : 72;
    return { width: canvas.clientWidth, height: 22 + rows * rowHeight, left, top: 22, rowHeight };
  };
  const placeOf = (unit: number): { row: number; channel: number; step: number } | undefined => {
    const run = map?.runs.find(({ first, units }) => unit >= first && unit < first + units);
    return run && { row: run.row, channel: run.start + (unit - run.first) * run.step, step: run.step };
  };
  const paint = (): void => {
    if (!map) return;
    const style = getComputedStyle(figure);
    const place = frame();
    const ratio = window.devicePixelRatio || 1;
    canvas.style.height = `${place.height}px`;
    canvas.width = Math.round(place.width * ratio);
    canvas.height = Math.round(place.height * ratio);
    const strongest = Number(figure.dataset["strongest"]);
    paintCells(context, map, view, place, {
      ratio,
      colours: divergingColours((name) => style.getPropertyValue(`--${name}`)),
      strongest,
    });
    const font = `${place.left < 60 ? 9 : 11}px ${style.fontFamily}`;
    const ink = style.getPropertyValue("--ink");
    const soft = style.getPropertyValue("--soft");
    paintLabels(context, map, view, place, { ratio, ink, soft, font });
  };
  const choose = (unit: number): void => {
    chosen = unit;
    const at = placeOf(unit);
    if (!map || !at) {
      cursor.hidden = true;
      pointer.hide();
      return;
    }
    const { left, top, width, rowHeight } = frame();
    const scale = (width - left) / (view.to - view.from);
    const x = left + (at.channel - view.from) * scale;
    const y = top + at.row * rowHeight;
    cursor.hidden = false;
    Object.assign(cursor.style, {
      left: `${x}px`,
      top: `${y}px`,
      width: `${Math.max(2, at.step * scale)}px`,
      height: `${rowHeight}px`,
    });
    const box = canvas.getBoundingClientRect();
    pointer.show(map, unit, box.left + x + (at.step * scale) / 2, box.top + y + rowHeight);
  };
  const channelAt = (event: MouseEvent): number => {
    const { left, width } = frame();
    const x = event.clientX - canvas.getBoundingClientRect().left;
    return x < left ? -1 : view.from + ((x - left) * (view.to - view.from)) / (width - left);
  };
  const setView = (next: View): void => {
    view = next;
    choose(-1);
    paint();
  };
  const zoom = (factor: number, around = (view.from + view.to) / 2): void => {
    if (map) setView(zoomView(view, factor, around, map.channels, map.runs[0]?.step ?? 1));
  };
  const reset = (): void => {
    if (map) setView({ from: 0, to: map.channels });
  };
  const pan = (by: number): void => {
    if (!map) return;
    const from = Math.min(map.channels - (view.to - view.from), Math.max(0, view.from + by));
    setView({ from, to: from + view.to - view.from });
  };

  let drag: { x: number; from: number } | undefined;
  canvas.addEventListener("pointerdown", (event) => {
    drag = { x: event.clientX, from: view.from };
  });
  canvas.addEventListener("pointermove", (event) => {
    if (drag && event.buttons === 1 && Math.abs(event.clientX - drag.x) > 3) {
      const { left, width } = frame();
      pan(drag.from - ((event.clientX - drag.x) * (view.to - view.from)) / (width - left) - view.from);
      return;
    }
    const { top, rowHeight } = frame();
    const row = Math.floor((event.clientY - canvas.getBoundingClientRect().top - top) / rowHeight);
    choose(map ? unitAt(map, row, channelAt(event)) : -1);
  });
  canvas.addEventListener("pointerup", () => (drag = undefined));
  canvas.addEventListener("pointerleave", () => {
    drag = undefined;
    choose(-1);
  });
  canvas.addEventListener("dblclick", (event) => {
    zoom(4, channelAt(event));
  });
  canvas.addEventListener(
    "wheel",
    (event) => {
      if (!event.ctrlKey && !event.metaKey) return;
      event.preventDefault();
      zoom(Math.exp(-event.deltaY / 200), channelAt(event));
    },
    { passive: false },
  );
  canvas.addEventListener("keydown", (event) => {
    if (!map) return;
    const { t } = map.values;
    const at = placeOf(chosen);
    const strongest = t.reduce(
      (best, value, unit) => (Math.abs(value) > Math.abs(t[best] ?? 0) ? unit : best),
      0,
    );
    const beside = (rows: number): number =>
      at ? unitAt(map ?? { runs: [] }, at.row + rows, at.channel) : strongest;
    const moves: Record<string, () => void> = {
      ArrowRight: () => {
        choose(at ? Math.min(t.length - 1, chosen + 1) : strongest);
      },
      ArrowLeft: () => {
        choose(at ? Math.max(0, chosen - 1) : strongest);
      },
      ArrowDown: () => {
        choose(Math.max(beside(1), at && beside(1) < 0 ? chosen : -1));
      },
      ArrowUp: () => {
        choose(Math.max(beside(-1), at && beside(-1) < 0 ? chosen : -1));
      },
      "+": () => {
        zoom(2, at?.channel);
      },
      "-": () => {
        zoom(0.5, at?.channel);
      },
      Escape: reset,
    };
    const move = moves[event.key];
    if (!move) return;
    event.preventDefault();
    move();
  });
  for (const button of figure.querySelectorAll<HTMLButtonElement>("button"))
    button.addEventListener("click", () => {
      const { zoom: factor, map: name } = button.dataset;
      if (factor !== undefined) {
        if (Number(factor) === 0) reset();
        else zoom(Number(factor));
        return;
      }
      map = maps.find((candidate) => candidate.name === name) ?? map;
      for (const other of figure.querySelectorAll("[data-map]"))
        other.setAttribute("aria-pressed", String(other === button));
      reset();
    });
  new ResizeObserver(paint).observe(canvas.parentElement ?? canvas);
  window.matchMedia("(prefers-color-scheme: dark)").addEventListener("change", paint);
  window.addEventListener("beforeprint", paint);
  window.addEventListener("afterprint", paint);
  paint();
}

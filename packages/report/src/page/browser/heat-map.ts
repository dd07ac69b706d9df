/// <reference lib="dom" />
/// <reference lib="dom.iterable" />
import { unitAt, type View, zoomView } from "./heat-map-view.ts";
import type { UnitMap } from "./page-data.ts";
import { divergingColours, type Frame, paintCells, paintLabels } from "./paint-heat-map.ts";
import type { UnitPointer } from "./unit-pointer.ts";

/** Puts the heat map into its figure: pointing names a unit; buttons, keys, Ctrl + wheel and dragging move the view. */
export function mountHeatMap(figure: HTMLElement, maps: readonly UnitMap[], pointer: UnitPointer): void {
  const canvas = figure.querySelector("canvas");
  const context = canvas?.getContext("2d");
  const cursor = figure.querySelector<HTMLElement>(".cursor");
  let map = maps[0];
  if (!canvas || !context || !cursor || !map) return;
  let view: View = { from: 0, to: map.channels };
  let chosen = -1;
  let isPrinting = false;

  const frame = (): Frame => {
    const rows = map?.rows.length ?? 1;
    const rowHeight = Math.max(5, Math.min(24, 400 / rows));
    // While the page is printed, the canvas still has its width on the screen.
    const width = isPrinting ? 720 : canvas.clientWidth;
    const left = width < 500 ? 52 : 72;
    return { width, height: 22 + rows * rowHeight, left, top: 22, rowHeight };
  };
  const placeOf = (unit: number): { row: number; channel: number; step: number } | undefined => {
    const run = map?.runs.find(({ first, units }) => unit >= first && unit < first + units);
    return run && { row: run.row, channel: run.start + (unit - run.first) * run.step, step: run.step };
  };
  const paint = (): void => {
    if (!map) return;
    const style = getComputedStyle(figure);
    const place = frame();
    const ratio = isPrinting ? 3 : window.devicePixelRatio || 1;
    const colour = (name: string): string => style.getPropertyValue(`--${isPrinting ? "print-" : ""}${name}`);
    canvas.style.height = `${place.height}px`;
    canvas.width = Math.round(place.width * ratio);
    canvas.height = Math.round(place.height * ratio);
    const strongest = Number(figure.dataset["strongest"]);
    paintCells(context, map, view, place, {
      ratio,
      colours: divergingColours(colour),
      strongest,
    });
    const font = `${place.left < 60 ? 9 : 11}px ${style.fontFamily}`;
    paintLabels(context, map, view, place, { ratio, ink: colour("ink"), soft: colour("soft"), font });
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
  for (const moment of ["beforeprint", "afterprint"])
    window.addEventListener(moment, () => {
      isPrinting = moment === "beforeprint";
      paint();
    });
  paint();
}

/// <reference lib="dom" />
import type { UnitMap } from "./page-data.ts";
import type { UnitPointer } from "./unit-pointer.ts";

/** Where the units stand on the axes of a scatter plot; NaN where a unit is not drawn. */
export interface Points {
  readonly x: Float32Array;
  readonly y: Float32Array;
}

/** Lets a reader point at the dots of a scatter plot: the nearest one is marked and named. */
export function mountPoints(svg: SVGSVGElement, { x, y }: Points, map: UnitMap, pointer: UnitPointer): void {
  const axis = (name: "x" | "y"): ((value: number) => number) => {
    const scale = (svg.dataset[name] ?? "").split(" ").map(Number);
    const [low = 0, high = 1, start = 0, stop = 1] = scale;
    return (value) => start + ((value - low) / (high - low)) * (stop - start);
  };
  const xOf = axis("x");
  const yOf = axis("y");
  const reach = 24;
  const marker = document.createElementNS("http://www.w3.org/2000/svg", "circle");
  marker.setAttribute("r", "5");
  marker.setAttribute("class", "marker");
  marker.setAttribute("visibility", "hidden");
  svg.append(marker);
  const leave = (): void => {
    marker.setAttribute("visibility", "hidden");
    pointer.hide();
  };
  svg.addEventListener("pointermove", ({ clientX, clientY }) => {
    const box = svg.getBoundingClientRect();
    const scale = box.width / svg.viewBox.baseVal.width;
    const atX = (clientX - box.left) / scale;
    const atY = (clientY - box.top) / scale;
    let nearest = -1;
    let least = reach ** 2;
    for (const [unit, value] of x.entries()) {
      const distance = (xOf(value) - atX) ** 2 + (yOf(y[unit] ?? NaN) - atY) ** 2;
      if (distance < least) {
        least = distance;
        nearest = unit;
      }
    }
    if (nearest < 0) {
      leave();
      return;
    }
    const markX = xOf(x[nearest] ?? NaN);
    const markY = yOf(y[nearest] ?? NaN);
    marker.setAttribute("cx", String(markX));
    marker.setAttribute("cy", String(markY));
    marker.setAttribute("visibility", "visible");
    pointer.show(map, nearest, box.left + markX * scale, box.top + markY * scale + 6);
  });
  svg.addEventListener("pointerleave", leave);
}

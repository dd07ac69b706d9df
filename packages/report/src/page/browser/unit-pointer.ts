/// <reference lib="dom" />
import { formatMeasure, formatP, formatT } from "../../text/format-number.ts";
import type { PageData, UnitMap } from "./page-data.ts";

/** Shows what is known of the unit that is pointed at. */
export interface UnitPointer {
  /** Shows a unit's address and values near a point of the window. */
  show(map: UnitMap, unit: number, clientX: number, clientY: number): void;
  hide(): void;
}

/** Makes the one tooltip of the page. */
export function createUnitPointer(
  tooltip: HTMLElement,
  { labels, pairs }: Pick<PageData, "labels" | "pairs">,
): UnitPointer {
  const line = (name: string, value: string): HTMLElement => {
    const row = document.createElement("div");
    const label = row.appendChild(document.createElement("bdi"));
    label.textContent = name;
    row.appendChild(document.createElement("span")).textContent = value;
    return row;
  };
  return {
    show({ addresses, values: { t, p, familyWise, mean, a, b } }, unit, clientX, clientY) {
      const title = document.createElement("strong");
      title.textContent = addresses[unit] ?? "";
      tooltip.replaceChildren(
        title,
        line("t", formatT(t[unit] ?? 0)),
        line(labels.a, formatMeasure(a[unit] ?? 0)),
        line(labels.b, formatMeasure(b[unit] ?? 0)),
        line("difference", formatMeasure(mean[unit] ?? 0)),
        line("d_z", formatT((t[unit] ?? 0) / Math.sqrt(pairs))),
        line("p", formatP(p[unit] ?? 1)),
        line("family-wise p", formatP(familyWise[unit] ?? 1)),
      );
      tooltip.hidden = false;
      const { width, height } = tooltip.getBoundingClientRect();
      const page = document.documentElement;
      const x = Math.max(8, Math.min(clientX - width / 2, page.clientWidth - width - 8));
      const y = clientY + 10 + height > page.clientHeight ? clientY - height - 34 : clientY + 10;
      tooltip.style.transform = `translate(${Math.round(x)}px, ${Math.round(y)}px)`;
    },
    hide() {
      tooltip.hidden = true;
    },
  };
}

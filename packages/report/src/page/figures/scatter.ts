/// <reference lib="dom" />
import { axisX, axisY, plot, type Markish, type PlotOptions } from "@observablehq/plot";
import { Html } from "../html.ts";
import { plotDocument, plotStyle } from "./plot-document.ts";
import { valueAt } from "../../reading.ts";

/** Units as dots. */
export interface Scatter {
  /** Its name in the page's data. */
  readonly name: string;
  /** What it shows, for those who do not see it. */
  readonly label: string;
  readonly x: ArrayLike<number>;
  readonly y: ArrayLike<number>;
  /** Which units stand out. */
  readonly isStrong: (unit: number) => boolean;
  readonly xAxis: { readonly label: string; readonly domain: readonly [number, number] };
  readonly yAxis: { readonly label: string; readonly domain: readonly [number, number] };
  /** Lines under the dots. */
  readonly under?: readonly Markish[];
  /** Lines and words over the dots. */
  readonly marks?: readonly Markish[];
}

/** Draws thousands of units as two paths of dots; dots that would cover each other are drawn once. */
export function drawScatter(scatter: Scatter, width: number, height: number): Html {
  const { name, label, x, y, isStrong, xAxis, yAxis, under = [], marks = [] } = scatter;
  const dots = (strong: boolean): Markish =>
    ((_index, scales): SVGElement => {
      const xOf = scales.x as (value: number) => number;
      const yOf = scales.y as (value: number) => number;
      const seen = new Set<string>();
      for (let unit = 0; unit < x.length; unit++) {
        const [atX, atY] = [valueAt(x, unit), valueAt(y, unit)];
        if (isStrong(unit) === strong && Number.isFinite(atX) && Number.isFinite(atY))
          seen.add(`M${Math.round(xOf(atX))} ${Math.round(yOf(atY))}h0`);
      }
      const path = plotDocument.createElementNS("http://www.w3.org/2000/svg", "path");
      path.setAttribute("d", [...seen].join(""));
      path.setAttribute("class", strong ? "dots strong" : "dots");
      return path;
    }) satisfies Markish;
  const options: PlotOptions = {
    document: plotDocument,
    ariaLabel: label,
    style: plotStyle,
    width,
    height,
    marginLeft: 40,
    marginRight: 12,
    marginTop: 24,
    marginBottom: 38,
    x: { label: xAxis.label, domain: [...xAxis.domain] },
    y: { label: yAxis.label, domain: [...yAxis.domain] },
    marks: [
      axisX({ ticks: width / 80, tickSize: 3, color: "var(--soft)", labelAnchor: "right" }),
      axisY({ ticks: height / 50, tickSize: 3, color: "var(--soft)", labelAnchor: "top" }),
      ...under,
      dots(false),
      dots(true),
      ...marks,
    ],
  };
  const drawn = plot(options);
  drawn.setAttribute("data-points", name);
  for (const axis of ["x", "y"] as const) {
    const { domain = [], range = [] } = drawn.scale(axis) ?? {};
    drawn.setAttribute(`data-${axis}`, [...domain, ...range].join(" "));
  }
  return new Html(drawn.outerHTML);
}

/** A domain that holds all finite values and is as far on both sides of 0. */
export function symmetricDomain(values: Iterable<number>): [number, number] {
  let most = 0;
  for (const value of values) if (Number.isFinite(value)) most = Math.max(most, Math.abs(value));
  return [-(most || 1) * 1.03, (most || 1) * 1.03];
}

import { axisX, rectY, ruleX, text } from "@observablehq/plot";
import type { Html } from "../html.ts";
import { binValues } from "./bin-values.ts";
import { drawPlot } from "./plot-document.ts";

/** A null and what was observed. */
export interface NullHistogram {
  /** What the figure shows, for those who do not see it. */
  readonly label: string;
  readonly values: Iterable<number>;
  readonly observed: number;
  /** The observed value as it stands beside its line. */
  readonly written: string;
  readonly domain: readonly [start: number, end: number];
  readonly bins: number;
  /** Counts stand on a square-root axis, from 0. */
  readonly squareRoot?: boolean;
  /** The null's 99th percentile, dashed. */
  readonly p99?: { readonly value: number; readonly written: string };
  readonly formatTick?: (value: number) => string;
}

const WIDTH = 300;
const HEIGHT = 112;

/** The null in grey bars and the observed value as a coloured line that is labelled on its inner side. */
export function drawNullHistogram({
  label,
  values,
  observed,
  written,
  domain: [start, end],
  bins: count,
  squareRoot = false,
  p99,
  formatTick,
}: NullHistogram): Html {
  const bins = binValues(values, { bins: count, start, end, squareRoot });
  const tallest = bins.reduce((most, bin) => Math.max(most, bin.count), 1);
  const place = (observed - start) / (end - start);
  const isRight = (squareRoot ? Math.sqrt(place) : place) > 0.5;
  return drawPlot(label, {
    width: WIDTH,
    height: HEIGHT,
    marginLeft: 14,
    marginRight: 10,
    marginTop: 20,
    marginBottom: 24,
    x: { type: squareRoot ? "sqrt" : "linear", domain: [start, end], label: null },
    y: { axis: null, domain: [0, tallest] },
    marks: [
      rectY(bins, {
        x1: "start",
        x2: "stop",
        y: "count",
        fill: "var(--null)",
        insetLeft: 0.5,
        insetRight: 0,
      }),
      ...(p99 === undefined
        ? []
        : [
            ruleX([p99.value], {
              stroke: "var(--soft)",
              strokeDasharray: "3,2",
              title: () => `null p99: ${p99.written}`,
            }),
          ]),
      ruleX([observed], { stroke: "var(--accent)", strokeWidth: 2 }),
      text([observed], {
        x: (value: number) => value,
        text: () => written,
        frameAnchor: "top",
        textAnchor: isRight ? "end" : "start",
        dx: isRight ? -5 : 5,
        dy: -2,
        lineAnchor: "top",
        fill: "var(--accent)",
        stroke: "var(--paper)",
        strokeWidth: 5,
        fontWeight: 600,
        fontSize: 13,
      }),
      axisX({
        ticks: 4,
        tickSize: 3,
        color: "var(--soft)",
        label: null,
        ...(formatTick && { tickFormat: formatTick }),
      }),
    ],
  });
}

import type { GranularityResult } from "../../statistics/granularity-result.ts";
import { divergingColours, STRONGEST_COLOUR } from "../browser/paint-heat-map.ts";
import type { ColourScheme } from "../colour-schemes.ts";
import { html, type Html } from "../html.ts";
import type { Figure } from "./figure.ts";
import { placeUnits } from "../encode-page-data.ts";
import { valueAt } from "../../reading.ts";

const WIDTH = 1_000;
const LEFT = 72;
const TOP = 22;
const ROW = 16;
const RIGHT = 8;
/** The strip under the map that tells what its colours mean. */
const LEGEND = { height: 34, width: 160, bar: 10 };

/** What a heat map shows of its units. */
interface MappedUnits extends Pick<GranularityResult, "name" | "records"> {
  readonly pairedT: Pick<GranularityResult["pairedT"], "t">;
}

/** What a heat map's colours and words are. */
interface HeatMapOptions {
  readonly scheme: ColourScheme;
  readonly label: string;
  /** At the end of the figure's name, if it is one of several. */
  readonly suffix?: string;
}

/** The heat map of one granularity as a drawing with its legend: all cells of one colour are one path. */
export function drawHeatMap(
  { name, records, pairedT: { t } }: MappedUnits,
  { scheme, label, suffix = "" }: HeatMapOptions,
): Figure {
  const { rows, runs, channels } = placeUnits(records);
  const scale = (WIDTH - LEFT - RIGHT) / channels;
  const bottom = TOP + rows.length * ROW;
  const colours = divergingColours((name) => scheme[name]);
  const cells = new Map<string, string[]>();
  for (const { row, first, units, start, step } of runs)
    for (let unit = 0; unit < units; unit++) {
      const share = Math.max(-1, Math.min(1, valueAt(t, first + unit) / STRONGEST_COLOUR));
      const colour = colours[Math.round(128 + 128 * share)] ?? "";
      const x = (LEFT + (start + unit * step) * scale).toFixed(2);
      const cell = `M${x} ${TOP + row * ROW}h${(step * scale).toFixed(2)}v${ROW - 1}h-${(step * scale).toFixed(2)}z`;
      const list = cells.get(colour);
      if (list) list.push(cell);
      else cells.set(colour, [cell]);
    }
  const svg = html`<svg
    width="${WIDTH}"
    height="${bottom + LEGEND.height}"
    viewBox="0 0 ${WIDTH} ${bottom + LEGEND.height}"
    aria-label="${label}"
    fill="currentColor"
    font-size="11"
    shape-rendering="crispEdges"
  >
    ${Array.from(cells, ([colour, paths]) => html`<path fill="${colour}" d="${paths.join("")}"></path>`)}
    ${rows.map(
      (name, row) =>
        html`<text x="${LEFT - 8}" y="${TOP + (row + 0.72) * ROW}" text-anchor="end" fill="var(--soft)"
          >${name}</text
        >`,
    )}
    ${runs
      .filter(({ start }) => start > 0)
      .map(
        ({ row, start }) =>
          html`<rect
            x="${LEFT + start * scale - 1}"
            y="${TOP + row * ROW}"
            width="2"
            height="${ROW}"
          ></rect>`,
      )}
    ${[...new Map(runs.map(({ kind, start }) => [`${start} ${kind}`, { kind, start }])).values()].map(
      ({ kind, start }, place, all) => {
        const before = all.slice(0, place).filter((other) => other.start === start);
        const x = LEFT + start * scale + before.reduce((sum, other) => sum + 7 * (other.kind.length + 2), 4);
        return html`<text x="${x}" y="${TOP - 8}" fill="var(--soft)">${kind}</text>`;
      },
    )}
    ${drawLegend(colours, WIDTH - RIGHT - LEGEND.width - 60, bottom + 14)}
  </svg>`;
  return { name: `heat-map-${name}${suffix}`, svg };
}

/** The colours from the most negative t to the most positive. */
function drawLegend(colours: readonly string[], left: number, top: number): Html {
  const step = LEGEND.width / colours.length;
  return html`${colours.map(
      (colour, place) =>
        html`<rect
          x="${(left + place * step).toFixed(2)}"
          y="${top}"
          width="${(step + 0.5).toFixed(2)}"
          height="${LEGEND.bar}"
          fill="${colour}"
        ></rect>`,
    )}
    <text x="${left - 8}" y="${top + LEGEND.bar - 1}" text-anchor="end" fill="var(--soft)"
      >t ≤ −${STRONGEST_COLOUR}</text
    >
    <text x="${left + LEGEND.width + 8}" y="${top + LEGEND.bar - 1}" fill="var(--soft)"
      >t ≥ ${STRONGEST_COLOUR}</text
    >`;
}

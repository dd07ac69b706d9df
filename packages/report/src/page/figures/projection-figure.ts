import { axisX, axisY, dot, line, ruleY, text } from "@observablehq/plot";
import type { CrossedSummary, TransferSummary } from "../../summary/crossed-summary.ts";
import { responseNames } from "../../text/crossed-texts.ts";
import type { Figure } from "./figure.ts";
import { drawPlot, WIDE } from "./plot-document.ts";
import { itemAt } from "../../reading.ts";

/** One level of one row. */
interface Point {
  readonly row: string;
  readonly grade: number;
  readonly score: number;
  readonly isLast: boolean;
}

/**
 * The scores of each row's levels on the direction of all other rows, against the grade, row by row: parallel rising lines are one
 * axis that all rows share.
 */
export function drawProjection(
  { levels, rows, contrast }: CrossedSummary,
  transfer: TransferSummary,
  width: number = WIDE,
): Figure {
  const spread = Math.max(...transfer.scores.flat().map(Math.abs)) || 1;
  const points = transfer.scores.flatMap((scores, row) =>
    scores.map((score, level): Point => ({
      row: itemAt(rows, row),
      grade: itemAt(levels, level).grade,
      score: score / spread,
      isLast: level === scores.length - 1,
    })),
  );
  const ends = placeLabels(points.filter(({ isLast }) => isLast));
  const svg = drawPlot(
    `Scores of the levels of ${contrast} on the direction of the other rows (${responseNames[transfer.kind]})`,
    {
      width,
      height: 320,
      marginLeft: 44,
      marginRight: 96,
      marginTop: 24,
      marginBottom: 40,
      x: { label: `${contrast} (grade) →`, nice: true },
      y: { label: "↑ score, the greatest as 1", domain: [-1.05, 1.05] },
      marks: [
        axisX({ ticks: width / 80, tickSize: 3, color: "var(--soft)" }),
        axisY({ ticks: 5, tickSize: 3, color: "var(--soft)" }),
        ruleY([0], { stroke: "var(--line)" }),
        line(points, { x: "grade", y: "score", z: "row", stroke: "var(--accent)", strokeOpacity: 0.55 }),
        dot(points, { x: "grade", y: "score", r: 2.5, fill: "var(--accent)" }),
        text(ends, { x: "grade", y: "place", text: "row", textAnchor: "start", dx: 8, fill: "var(--ink)" }),
      ],
    },
  );
  return { name: `projection-${transfer.kind}`, svg };
}

/** The least distance of two labels, in scores. */
const LABEL_HEIGHT = 0.11;

/** Where the labels of the lines' ends stand: next to them, moved down as far as another is in the way. */
function placeLabels(ends: readonly Point[]): (Point & { readonly place: number })[] {
  let above = Infinity;
  return ends
    .toSorted((one, other) => other.score - one.score)
    .map((end) => {
      const place = Math.min(end.score, above - LABEL_HEIGHT);
      above = place;
      return { ...end, place };
    });
}

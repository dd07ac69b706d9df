import type { AxisSummary, TestedInSet } from "../summary/axis-summary.ts";
import type { Summary } from "../summary/summary.ts";
import { responseNames } from "./crossed-texts.ts";
import { formatCount, formatP, formatShare, formatT } from "./format-number.ts";
import { formatTable } from "./markdown.ts";

/** One statistic of a set of channels, as a row shows it. */
export interface AxisRow {
  /** What is measured, and of which channels. */
  readonly response: string;
  readonly statistic: string;
  readonly tested: TestedInSet;
  readonly format: (value: number) => string;
}

/** The lines of the table of signed responses, the same in Markdown and on the page. */
export function axisRows(axes: readonly AxisSummary[]): AxisRow[] {
  return axes.flatMap(({ kind, whole, strongest }) =>
    [whole, ...(strongest === null ? [] : [strongest])].flatMap((set): AxisRow[] => {
      const response = `${responseNames[kind]}${kind === "embedding" ? "" : `, ${set.address}`}`;
      return [
        {
          response,
          statistic: "cosine with the other pairs' direction",
          tested: set.projection,
          format: formatT,
        },
        {
          response,
          statistic: "share along the mean difference",
          tested: set.meanShare,
          format: formatShare,
        },
        {
          response,
          statistic: "product of two halves' means, as a share",
          tested: set.splitHalfShare,
          format: formatShare,
        },
      ];
    }),
  );
}

/** What signed responses say, as sentences. */
export function describeAxes(axes: readonly AxisSummary[]): string[] {
  return axes.map(({ kind, whole, significant, alpha }) => {
    const { projection, meanShare, firstComponentShare, splitHalfCosine } = whole;
    const isShown = projection.p <= alpha;
    const heads = significant.find((each) => each.kind === "head");
    const ofHeads =
      heads === undefined
        ? ""
        : ` By themselves ${formatCount(heads.count)} of ${formatCount(heads.sets)} heads show one (family-wise).`;
    return (
      `${capitalize(responseNames[kind])}: the pairs ${isShown ? "share a direction" : "are not shown to share a direction"} ` +
      `(mean cosine of a pair with the others ${formatT(projection.observed)}, p = ${formatP(projection.p)}), which explains ` +
      `${formatShare(meanShare.observed)} of their differences; no single direction could explain more than ${formatShare(firstComponentShare)}. ` +
      `The mean differences of two halves of the pairs have a cosine of ${formatT(splitHalfCosine)}.${ofHeads}`
    );
  });
}

/** The section of signed responses; nothing if they were not captured. */
export function formatAxes({ axes }: Pick<Summary, "axes">): string[] {
  const [first] = axes;
  if (first === undefined) return [];
  return [
    "### Signed responses",
    `The mean over tokens of every channel, b − a, as vectors; ${formatCount(first.labellings)} sign flips of whole pairs, ` +
      `${first.splits} halvings. ${describeAxes(axes).join(" ")}`,
    formatTable(
      ["response", "statistic", "observed", "null p99", "p", "family-wise p"],
      axisRows(axes).map(({ response, statistic, tested, format }) => [
        response,
        statistic,
        format(tested.observed),
        format(tested.nullP99),
        formatP(tested.p),
        formatP(tested.familyWiseP),
      ]),
    ),
  ];
}

function capitalize(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}

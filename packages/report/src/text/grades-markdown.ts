import { formatCount, formatMeanCount, formatP, formatShare, formatT } from "./format-number.ts";
import type { GranularityGrades } from "../summary/grades-summary.ts";
import { titleGranularity } from "./granularity-names.ts";
import { formatTable } from "./markdown.ts";
import type { Summary } from "../summary/summary.ts";

/** The section of a graded set; nothing where the set is not graded. */
export function formatGrades({ grades }: Pick<Summary, "grades">): string[] {
  if (grades === null) return [];
  const [tested] = grades.granularities.flatMap(({ thresholds }) => thresholds);
  return [
    "### By grade",
    "Whether a unit's difference rises or falls with the grade of the pair: Spearman's ρ over the pairs, against " +
      `${formatCount(grades.labellings)} random sign flips of the differences about their mean (seed ${grades.seed}).`,
    formatTable(
      [
        "units",
        "tested",
        `\\|ρ\\| > ${tested?.threshold ?? "–"}`,
        "null p99",
        "p",
        "max \\|ρ\\|",
        "null p99",
        "p",
        "ρ of the unit",
      ],
      grades.granularities.map(formatRow),
    ),
  ];
}

function formatRow(granularity: GranularityGrades): string[] {
  const { testedUnits, thresholds, maximum } = granularity;
  const [first] = thresholds;
  return [
    titleGranularity(granularity),
    formatCount(testedUnits),
    ...(first === undefined
      ? ["–", "–", "–"]
      : [
          `${formatCount(first.observed)} (${formatShare(first.share)})`,
          formatMeanCount(first.nullP99),
          formatP(first.p),
        ]),
    ...(maximum === null
      ? ["–", "–", "–", "–"]
      : [
          formatT(maximum.observed),
          formatT(maximum.nullP99),
          formatP(maximum.p),
          `${formatT(maximum.rho)} (\`${maximum.address}\`)`,
        ]),
  ];
}

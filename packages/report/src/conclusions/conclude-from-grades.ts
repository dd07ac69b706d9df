import { formatCount, formatMeanCount, formatP, formatT } from "../text/format-number.ts";
import type { Summary } from "../summary/summary.ts";

/** One sentence on whether the groups' differences follow the grades; none where the set is not graded. */
export function concludeFromGrades({ grades }: Pick<Summary, "grades">): string[] {
  const groups = grades?.granularities.find(({ name }) => name === "group");
  const [counted] = groups?.thresholds ?? [];
  if (groups === undefined || counted === undefined || groups.maximum === null) return [];
  const { threshold, observed, nullP99, p } = counted;
  const { maximum } = groups;
  const figures =
    `${formatCount(observed)} of ${formatCount(groups.testedUnits)} groups go with the grade by more than |ρ| = ${threshold} ` +
    `(99th percentile of the sign flips ${formatMeanCount(nullP99)}, p = ${formatP(p)}), and the closest, ` +
    `${maximum.address}, has ρ = ${formatT(maximum.rho)} (99th percentile of the greatest |ρ| ` +
    `${formatT(maximum.nullP99)}, p = ${formatP(maximum.p)})`;
  return [
    observed > nullP99 || maximum.observed > maximum.nullP99
      ? `The difference is ordered by the pairs' grade, not merely present: ${figures}; the words that all pairs share ` +
        `do not explain that, other things that change with the grade may.`
      : `That the difference is ordered by the pairs' grade, and not merely present, is not shown: ${figures}.`,
  ];
}

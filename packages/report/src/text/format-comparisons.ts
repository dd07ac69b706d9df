import type { RunComparison } from "../statistics/compare-runs.ts";
import { formatCount, formatMeanCount, formatP, formatT } from "./format-number.ts";

/**
 * Comparisons as plain text, one block a run: first what differs, then what was found.
 *
 * @example
 * console.log(formatComparisons(await compareRuns(run, [{ name: "seed 1", run: other }])));
 */
export function formatComparisons(comparisons: readonly RunComparison[]): string {
  return comparisons
    .map(({ name, differences, notices, unpaired, granularities }) => {
      const settings = differences.map(
        ({ setting, here, there }) => `  differs: ${setting}: ${here} here, ${there} there`,
      );
      const warnings = notices.map(({ title, text }) => `  ${title}: ${text}`);
      const lines = granularities.map(({ name: granularity, units, correlationOfT, top, difference }) => {
        const correlation = correlationOfT === null ? "–" : correlationOfT.toFixed(3);
        const overlap = `${top.shared} of the top ${top.compared} shared (by chance ${formatMeanCount(top.expectedByChance)})`;
        const contrast =
          difference === null
            ? [`  no difference of contrasts: ${unpaired ?? "nothing in it varies"}`]
            : [
                ...difference.thresholds.map(
                  ({ threshold, observed, nullMean, nullP99, p }) =>
                    `  difference |t| > ${threshold}: ${formatCount(observed)} (null mean ${formatMeanCount(nullMean)}, p99 ${formatMeanCount(nullP99)}, p ${formatP(p)})`,
                ),
                `  difference max |t|: ${formatT(difference.maximum.observed)} (p99 ${formatT(difference.maximum.nullP99)}, p ${formatP(difference.maximum.p)})`,
              ];
        return [
          `  ${granularity} (${formatCount(units)}): correlation of t ${correlation}; ${overlap}`,
          ...contrast,
        ].join("\n  ");
      });
      const known = settings.length > 0 ? settings : ["  no setting differs"];
      return `${[name, ...known, ...warnings, ...lines].join("\n")}\n`;
    })
    .join("\n");
}

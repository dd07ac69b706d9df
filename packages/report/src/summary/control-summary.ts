import type { ControlResults } from "../statistics/run-results.ts";
import type { ControlSummary } from "./summary.ts";

/** What the summary of a run says of a control is drawn from the control's own summary and the comparison with the run. */
export type SummarizedControl = Pick<ControlResults, "name" | "kind" | "summary" | "comparison">;

/** A control in brief; granularities that the run does not have are left out. */
export function summarizeControl({ name, kind, summary, comparison }: SummarizedControl): ControlSummary {
  const { name: setName, version, title, labels } = summary.promptSet;
  return {
    name,
    kind,
    promptSet: { name: setName, version, title, labels },
    unpaired: comparison.unpaired,
    embeddingDistance: summary.embeddingDistance,
    granularities: comparison.granularities.flatMap(
      ({ name, correlationOfT, top, difference, atEqualDistance }) => {
        const granularity = summary.granularities.find((candidate) => candidate.name === name);
        if (granularity === undefined) return [];
        const { testedUnits, thresholds, maximum, survivors } = granularity;
        const compared = { correlationOfT, top, difference, atEqualDistance };
        return [{ name, testedUnits, thresholds, maximum, survivors, ...compared }];
      },
    ),
  };
}

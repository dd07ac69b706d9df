import type { Analysis } from "../statistics/analyze-captures.ts";
import { channelsPerUnit } from "./granularity-summary.ts";
import type { TopUnitsSummary } from "./summary.ts";

/** What the strongest units of one half of the pairs show in the other, in brief. */
export function summarizeTopUnits({ topUnits, granularities }: Analysis): TopUnitsSummary[] {
  return topUnits.map(({ name, effect, overlap }) => ({
    name,
    channelsPerUnit: channelsPerUnit(granularities.find((part) => part.name === name)?.records ?? []),
    top: effect.top,
    splits: effect.selectedDz.length,
    selectedDz: effect.medianSelectedDz,
    otherHalfDz: effect.medianEstimatedDz,
    overlap: overlap.median,
    overlapByChance: overlap.expectedByChance,
  }));
}

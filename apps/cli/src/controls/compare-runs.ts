import type { FolderResults } from "../results/analyze-folder.ts";
import { compareAnalyses, type ComparableRun, type GranularityComparison } from "./compare-analyses.ts";
import type { PlantScore } from "./plant/score-plant.ts";

/** A run beside others, as `comparison.json` and `compare --json` hold it. */
export interface RunComparison {
  readonly name: string;
  readonly granularities: readonly GranularityComparison[];
  /** Where an effect was planted in the other run: what was found of it. */
  readonly plant?: PlantScore;
}

/** Holds a run against others over the same units. @throws RangeError as `compareAnalyses` does. */
export async function compareRuns(
  run: FolderResults,
  others: readonly {
    readonly name: string;
    readonly results: FolderResults;
    readonly plant: PlantScore | null;
  }[],
  signal: AbortSignal,
): Promise<RunComparison[]> {
  const comparisons: RunComparison[] = [];
  for (const { name, results, plant } of others) {
    const granularities = await compareAnalyses(comparable(run), comparable(results), { signal });
    comparisons.push({ name, granularities, ...(plant && { plant }) });
  }
  return comparisons;
}

function comparable({ analysis, context }: FolderResults): ComparableRun {
  return { analysis, pairIds: context.promptSet.pairs.map(({ id }) => id) };
}

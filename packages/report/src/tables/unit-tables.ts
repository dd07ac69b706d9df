import type { Analysis } from "../statistics/analyze-captures.ts";
import type { GranularityResult } from "../statistics/granularity-result.ts";

/** A granularity that has a table of its own. */
export interface UnitTable {
  /** The name of its files, without an extension. */
  readonly table: string;
  readonly granularity: GranularityResult;
}

const names = [
  ["group", "units"],
  ["head", "heads"],
  ["to_add_out", "text-stream"],
] as const;

/** The tables of units that a run has, each with what it shows. MLP groups are rows of `units`. */
export function unitTables({ granularities }: Analysis): UnitTable[] {
  return names.flatMap(([name, table]) => {
    const granularity = granularities.find((candidate) => candidate.name === name);
    return granularity === undefined ? [] : [{ table, granularity }];
  });
}

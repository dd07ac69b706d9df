import { correlateUnits, PairedStatsError } from "@measure-plantain/paired-stats";

/** Pearson's r between the t of two runs over the same units; `null` if one of them does not vary. */
export function correlateMaps(here: Float64Array, there: Float64Array): number | null {
  try {
    return correlateUnits(here, there);
  } catch (error) {
    if (error instanceof PairedStatsError && error.code === "degenerate") return null;
    throw error;
  }
}

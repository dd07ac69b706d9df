import {
  type Matrix,
  pairedT,
  PairedStatsError,
  selectPairs,
  type SplitHalf,
  splitHalfReliability,
} from "@measure-plantain/paired-stats";

/** Whether one half of the pairs shows the same units as the other. */
export interface HalvesResult extends SplitHalf {
  /** t of every unit over the pairs of even place, counted from 0, and over those of odd place: one halving to look at. */
  readonly example: { readonly even: Float64Array; readonly odd: Float64Array };
}

/** Fewer pairs than these leave halves without a t worth the name. */
const LEAST_PAIRS = 6;
const SPLITS = 20;
const FLIPS = 40;

/** Split-half reliability of the units' t; `null` for too few pairs or where no two units differ in how they vary. */
export async function compareHalves(
  differences: Matrix,
  { testedUnits, seed, signal }: { testedUnits: number; seed: number; signal?: AbortSignal | undefined },
): Promise<HalvesResult | null> {
  const [pairs] = differences.shape;
  if (pairs < LEAST_PAIRS || testedUnits < 2) return null;
  const options = { splits: SPLITS, flips: FLIPS, seed, ...(signal !== undefined && { signal }) };
  const reliability = await splitHalfReliability(differences, options).catch((error: unknown) => {
    if (error instanceof PairedStatsError && error.code === "degenerate") return null;
    throw error;
  });
  if (reliability === null) return null;
  return {
    ...reliability,
    example: { even: tOfHalf(differences, 0), odd: tOfHalf(differences, 1) },
  };
}

function tOfHalf(differences: Matrix, first: 0 | 1): Float64Array {
  const [pairs] = differences.shape;
  const rows = Array.from({ length: Math.ceil((pairs - first) / 2) }, (_, row) => first + 2 * row);
  return pairedT(selectPairs(differences, rows)).t;
}

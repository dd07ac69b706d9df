import { type Matrix, pairedDifference, pairedT } from "@measure-plantain/paired-stats";
import { correlateMaps } from "./correlate-maps.ts";
import { type Captures, splitByGranularity, type UnitRecord } from "@measure-plantain/probe";

/** What one repetition shows alone, in groups of channels: whether a result hangs on one noise or one image. */
export interface ReplicateResult {
  /** Units whose |t| is strictly greater than each threshold, in the order of the thresholds. */
  readonly counts: readonly number[];
  /** The greatest |t|. */
  readonly maximum: number;
  /** Pearson's r of its t with that of the mean over the repetitions; `null` if one of them does not vary. */
  readonly correlationWithMean: number | null;
}

/** The groups of every repetition. */
export interface RepeatedDifferences {
  /** Which groups they are. */
  readonly records: readonly UnitRecord[];
  /** Root mean squares b − a [pairs, groups] of each repetition. */
  readonly differences: readonly Matrix[];
}

/** Reads the groups of each repetition; no differences if every pass was run once. */
export function readRepetitions({
  layout,
  replicates,
}: Pick<Captures, "layout" | "replicates">): RepeatedDifferences {
  if (replicates === undefined) return { records: [], differences: [] };
  const { data, shape } = replicates;
  const [count, pairs, conditions, units] = shape;
  const length = pairs * conditions * units;
  const repetitions = Array.from({ length: count }, (_, replicate) => {
    const meanSquare = {
      data: data.subarray(replicate * length, (replicate + 1) * length),
      shape: [pairs, conditions, units] as const,
    };
    const groups = splitByGranularity({ layout, meanSquare }).find(({ name }) => name === "group");
    if (groups === undefined) throw new RangeError("the layout has no groups");
    return { records: groups.records, differences: pairedDifference(groups.a, groups.b) };
  });
  return {
    records: repetitions[0]?.records ?? [],
    differences: repetitions.map(({ differences }) => differences),
  };
}

/**
 * Tests each repetition by itself.
 *
 * @param meanT - t of each group over the mean of the repetitions.
 */
export function analyzeReplicates(
  { differences }: Pick<RepeatedDifferences, "differences">,
  { thresholds, meanT }: { readonly thresholds: readonly number[]; readonly meanT: Float64Array },
): ReplicateResult[] {
  return differences.map((ofReplicate) => {
    const { t, leastTiedT, degenerateUnits } = pairedT(ofReplicate);
    const degenerate = new Set(degenerateUnits);
    const finite = t.filter(Number.isFinite).map(Math.abs);
    const untied = leastTiedT.filter((_, unit) => !degenerate.has(unit));
    return {
      counts: thresholds.map((threshold) => untied.filter((value) => value > threshold).length),
      maximum: finite.reduce((largest, value) => Math.max(largest, value), 0),
      correlationWithMean: correlateMaps(t, meanT),
    };
  });
}

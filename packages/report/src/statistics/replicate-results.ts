import { pairedDifference, pairedT } from "@measure-plantain/paired-stats";
import { correlateMaps } from "./correlate-maps.ts";
import { type Captures, splitByGranularity } from "@measure-plantain/probe";

/** What one repetition shows alone, in groups of channels: whether a result hangs on one noise or one image. */
export interface ReplicateResult {
  /** Units whose |t| is strictly greater than each threshold, in the order of the thresholds. */
  readonly counts: readonly number[];
  /** The greatest |t|. */
  readonly maximum: number;
  /** Pearson's r of its t with that of the mean over the repetitions; `null` if one of them does not vary. */
  readonly correlationWithMean: number | null;
}

/**
 * Tests each repetition by itself.
 *
 * @param meanT - t of each group over the mean of the repetitions.
 */
export function analyzeReplicates(
  { layout, replicates }: Pick<Captures, "layout" | "replicates">,
  { thresholds, meanT }: { readonly thresholds: readonly number[]; readonly meanT: Float64Array },
): ReplicateResult[] {
  if (replicates === undefined) return [];
  const { data, shape } = replicates;
  const [count, pairs, conditions, units] = shape;
  const length = pairs * conditions * units;
  return Array.from({ length: count }, (_, replicate) => {
    const meanSquare = {
      data: data.subarray(replicate * length, (replicate + 1) * length),
      shape: [pairs, conditions, units] as const,
    };
    const groups = splitByGranularity({ layout, meanSquare }).find(({ name }) => name === "group");
    if (groups === undefined) throw new RangeError("the layout has no groups");
    const { t, leastTiedT, degenerateUnits } = pairedT(pairedDifference(groups.a, groups.b));
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

import { pairedDifference, pairedT, signFlipNull, type Tested } from "@measure-plantain/paired-stats";
import { descending } from "d3-array";
import type { Analysis, GranularityResult } from "../results/analyze-captures.ts";
import { correlateMaps } from "../results/correlate-maps.ts";
import type { GranularityName } from "../results/granularities.ts";

/** Units that the overlap looks at: the strongest hundredth, at least this many. */
const FEWEST_TOP_UNITS = 10;

/** How two runs over the same units differ, at one granularity. */
export interface GranularityComparison {
  readonly name: GranularityName;
  readonly units: number;
  /** Pearson correlation of t over the units; null where one of the maps does not vary. */
  readonly correlationOfT: number | null;
  /** Of the strongest units by |t|: how many are compared, and how many both runs share. */
  readonly top: { readonly compared: number; readonly shared: number; readonly expectedByChance: number };
  /**
   * The difference of the contrasts, (b − a) here minus (b − a) there, paired over pairs of the same place: units over each
   * threshold and the maximum |t| against its own sign flips. Null where the runs have other pairs, or nothing varies.
   */
  readonly difference: DifferenceOfContrasts | null;
}

export interface DifferenceOfContrasts {
  readonly thresholds: readonly ({ readonly threshold: number } & TestedInBrief)[];
  readonly maximum: TestedInBrief;
}

/** An observed statistic against its null. */
export interface TestedInBrief {
  readonly observed: number;
  readonly nullMean: number;
  readonly nullP99: number;
  readonly p: number;
}

/** Pairs correspond where both runs name them alike; a control set matched to a set has its ids. */
export interface ComparableRun {
  readonly analysis: Analysis;
  readonly pairIds: readonly string[];
}

/**
 * Holds a run against another, granularity by granularity.
 *
 * @throws RangeError where a granularity of both has other units: they are runs of differently shaped models.
 */
export async function compareAnalyses(
  run: ComparableRun,
  other: ComparableRun,
  { flips = 200, seed = 0, signal }: { flips?: number; seed?: number; signal?: AbortSignal } = {},
): Promise<GranularityComparison[]> {
  const matched = run.pairIds.join("\n") === other.pairIds.join("\n");
  const comparisons: GranularityComparison[] = [];
  for (const granularity of run.analysis.granularities) {
    const counterpart = other.analysis.granularities.find(({ name }) => name === granularity.name);
    if (counterpart === undefined) continue;
    const addresses = ({ records }: GranularityResult): string =>
      records.map(({ address }) => address).join();
    if (addresses(granularity) !== addresses(counterpart)) {
      throw new RangeError(
        `The runs have other units at the granularity ${granularity.name}: ${granularity.records.length} and ${counterpart.records.length}. Compare runs of models of one shape, with the same taps.`,
      );
    }
    comparisons.push({
      name: granularity.name,
      units: granularity.records.length,
      correlationOfT: correlateMaps(granularity.pairedT.t, counterpart.pairedT.t),
      top: topOverlap(granularity.pairedT.t, counterpart.pairedT.t),
      difference: matched
        ? await differenceOfContrasts(granularity, counterpart, {
            thresholds: run.analysis.thresholds,
            flips,
            seed,
            ...(signal && { signal }),
          })
        : null,
    });
  }
  return comparisons;
}

async function differenceOfContrasts(
  here: GranularityResult,
  there: GranularityResult,
  options: { thresholds: readonly number[]; flips: number; seed: number; signal?: AbortSignal },
): Promise<DifferenceOfContrasts | null> {
  const differences = pairedDifference(there.differences, here.differences); // here − there
  if (pairedT(differences).degenerateUnits.length === here.records.length) return null;
  const { thresholds, maximum } = await signFlipNull(differences, options);
  return {
    thresholds: thresholds.map(({ threshold, ...tested }) => ({ threshold, ...inBrief(tested) })),
    maximum: inBrief(maximum),
  };
}

function inBrief({ observed, null: { mean, p99 }, p }: Tested): TestedInBrief {
  return { observed, nullMean: mean, nullP99: p99, p };
}

function topOverlap(a: Float64Array, b: Float64Array): GranularityComparison["top"] {
  const compared = Math.min(a.length, Math.max(FEWEST_TOP_UNITS, Math.ceil(a.length / 100)));
  const strongest = (t: Float64Array): Set<number> =>
    new Set(
      [...t.keys()].sort((i, j) => descending(Math.abs(t[i] ?? 0), Math.abs(t[j] ?? 0))).slice(0, compared),
    );
  const there = strongest(b);
  const shared = [...strongest(a)].filter((unit) => there.has(unit)).length;
  return { compared, shared, expectedByChance: compared ** 2 / a.length };
}

import {
  covariateSignFlipNull,
  pairedDifference,
  pairedT,
  signFlipNull,
  type Tested,
} from "@measure-plantain/paired-stats";
import { descending } from "d3-array";
import type { GranularityName } from "@measure-plantain/probe";
import { ReportError } from "../report-error.ts";
import type { Analysis } from "./analyze-captures.ts";
import type { GranularityResult } from "./granularity-result.ts";
import { correlateMaps } from "./correlate-maps.ts";
import { divideProgress, type OnShare } from "./divide-progress.ts";
import { valueAt } from "../reading.ts";

/** Units that the overlap looks at: the strongest hundredth, at least this many. */
const FEWEST_TOP_UNITS = 10;

/** How two runs over the same units differ, at one granularity. */
export interface GranularityComparison {
  /** What its units are. */
  readonly name: GranularityName;
  /** How many are compared. */
  readonly units: number;
  /** Pearson correlation of t over the units; `null` if one of the maps does not vary. */
  readonly correlationOfT: number | null;
  /** Of the strongest units by |t|: how many are compared, and how many both runs share. */
  readonly top: { readonly compared: number; readonly shared: number; readonly expectedByChance: number };
  /**
   * The difference of the contrasts, (b − a) here minus (b − a) there, paired over pairs of the same place: units over each
   * threshold and the maximum |t| against its own sign flips. Null if the runs are not paired, or nothing varies.
   */
  readonly difference: DifferenceOfContrasts | null;
  /**
   * The same with the difference of the pairs' embedding distances regressed out: what is left if the texts of both runs moved the
   * prompt embedding equally far. Of groups alone; null without `difference`, if a run did not store the distances, or if they
   * differ equally in all pairs.
   */
  readonly atEqualDistance: DifferenceOfContrasts | null;
}

/** The units by the difference of two contrasts, pair by pair. */
export interface DifferenceOfContrasts {
  /** The number of units over each threshold of |t|. */
  readonly thresholds: readonly ({ readonly threshold: number } & TestedInBrief)[];
  /** The greatest |t|. */
  readonly maximum: TestedInBrief;
}

/** An observed statistic against its null. */
export interface TestedInBrief {
  /** The statistic itself. */
  readonly observed: number;
  /** The mean of the null. */
  readonly nullMean: number;
  /** The 99th percentile of the null. */
  readonly nullP99: number;
  /** The share of the null that is as great, the observed labelling counted. */
  readonly p: number;
}

/** How two runs are compared. */
export interface CompareOptions {
  /** Random sign flips of the difference's null, or all of them. */
  readonly flips?: number | "exact" | undefined;
  readonly seed?: number;
  /** Whether the contrasts may be subtracted, pair by pair in their order. */
  readonly isPaired?: boolean;
  readonly signal?: AbortSignal | undefined;
  readonly onProgress?: OnShare | undefined;
}

/**
 * Holds a run against another, granularity by granularity.
 *
 * @throws {ReportError} `not-comparable` if a granularity of both has other units, or they share none: they are runs of differently shaped
 * models, and a unit of one is none of the other.
 */
export async function compareAnalyses(
  run: Analysis,
  other: Analysis,
  { flips = 200, seed = 0, isPaired = true, signal, onProgress }: CompareOptions = {},
): Promise<GranularityComparison[]> {
  const comparisons: GranularityComparison[] = [];
  const ofEach = divideProgress(
    onProgress,
    run.granularities.map(({ records }) => records.length),
  );
  for (const [place, granularity] of run.granularities.entries()) {
    const counterpart = other.granularities.find(({ name }) => name === granularity.name);
    if (counterpart === undefined) continue;
    const addresses = ({ records }: GranularityResult): string =>
      records.map(({ address }) => address).join();
    if (addresses(granularity) !== addresses(counterpart)) {
      throw new ReportError(
        "not-comparable",
        `The runs have other units at the granularity ${granularity.name}: ${granularity.records.length} and ${counterpart.records.length}. Compare runs of models of one shape, with the same group size.`,
      );
    }
    const options = { thresholds: run.thresholds, flips, seed, signal, onProgress: ofEach[place] };
    const isCompared = isPaired && granularity.name === "group";
    comparisons.push({
      name: granularity.name,
      units: granularity.records.length,
      correlationOfT: correlateMaps(granularity.pairedT.t, counterpart.pairedT.t),
      top: topOverlap(granularity.pairedT.t, counterpart.pairedT.t),
      difference: isPaired ? await differenceOfContrasts(granularity, counterpart, options) : null,
      atEqualDistance: isCompared
        ? await differenceAtEqualDistance(granularity, counterpart, {
            ...options,
            distances: [run.embeddingDistances, other.embeddingDistances],
          })
        : null,
    });
  }
  if (comparisons.length === 0)
    throw new ReportError(
      "not-comparable",
      "The runs have no units in common. Compare runs of models of one shape, with the same taps.",
    );
  return comparisons;
}

async function differenceOfContrasts(
  here: GranularityResult,
  there: GranularityResult,
  {
    flips,
    ...options
  }: Pick<CompareOptions, "signal" | "onProgress"> & {
    readonly thresholds: readonly number[];
    readonly flips: number | "exact";
    readonly seed: number;
  },
): Promise<DifferenceOfContrasts | null> {
  const differences = pairedDifference(there.differences, here.differences); // here − there
  if (pairedT(differences).degenerateUnits.length === here.records.length) return null;
  const { thresholds, maximum } = await signFlipNull(differences, {
    ...options,
    ...(flips === "exact" ? { exact: true } : { flips }),
  });
  return {
    thresholds: thresholds.map(({ threshold, ...tested }) => ({ threshold, ...inBrief(tested) })),
    maximum: inBrief(maximum),
  };
}

/** Random flips if the difference takes every labelling: each unit is regressed again under each. */
const FLIPS_BESIDE_EXACT = 1_000;
/** A regression of fewer pairs leaves nothing to test. */
const LEAST_PAIRS = 4;

async function differenceAtEqualDistance(
  here: GranularityResult,
  there: GranularityResult,
  {
    distances: [ofHere, ofThere],
    flips,
    thresholds,
    seed,
    signal,
  }: Pick<CompareOptions, "signal"> & {
    readonly distances: readonly [Analysis["embeddingDistances"], Analysis["embeddingDistances"]];
    readonly thresholds: readonly number[];
    readonly flips: number | "exact";
    readonly seed: number;
  },
): Promise<DifferenceOfContrasts | null> {
  if (ofHere === null || ofThere === null || ofHere.length < LEAST_PAIRS) return null;
  const covariate = ofHere.map((distance, pair) => distance - (ofThere[pair] ?? NaN));
  if (covariate.every((value) => value === covariate[0])) return null;
  const differences = pairedDifference(there.differences, here.differences); // here − there
  if (pairedT(differences).degenerateUnits.length === here.records.length) return null;
  const tested = await covariateSignFlipNull(differences, covariate, {
    thresholds,
    seed,
    flips: flips === "exact" ? FLIPS_BESIDE_EXACT : flips,
    signal,
  });
  return {
    thresholds: tested.thresholds.map(({ threshold, ...of }) => ({ threshold, ...inBrief(of) })),
    maximum: inBrief(tested.maximum),
  };
}

function inBrief({ observed, null: { mean, p99 }, p }: Tested): TestedInBrief {
  return { observed, nullMean: mean, nullP99: p99, p };
}

function topOverlap(a: Float64Array, b: Float64Array): GranularityComparison["top"] {
  const compared = Math.min(a.length, Math.max(FEWEST_TOP_UNITS, Math.ceil(a.length / 100)));
  const strongest = (t: Float64Array): Set<number> =>
    new Set(
      [...t.keys()]
        .sort((i, j) => descending(Math.abs(valueAt(t, i)), Math.abs(valueAt(t, j))))
        .slice(0, compared),
    );
  const there = strongest(b);
  const shared = [...strongest(a)].filter((unit) => there.has(unit)).length;
  return { compared, shared, expectedByChance: compared ** 2 / a.length };
}

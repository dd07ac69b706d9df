import {
  adjustPValues,
  averageDifferences,
  type CrossedFactor,
  leaveOneLevelOut,
  type LeaveOneLevelOut,
  type Matrix,
  pairedT,
  type PairedT,
  studentTwoSidedP,
  summarizeByBlock,
  varianceComponents,
  type VarianceComponents,
} from "@measure-plantain/paired-stats";
import type { Replicate, UnitRecord } from "@measure-plantain/probe";
import { itemAt } from "../reading.ts";
import { ALPHA } from "./alpha.ts";

/** What was drawn at random out of many: fixed images, and seeds of the noise. */
export type FactorName = "reference" | "noise seed";

/** What the repetitions show together: each of its parts only if what it is about was varied. */
export interface RepetitionsResult {
  /** Fixed images and noises taken as random; `null` if there is one of each. */
  readonly random: RandomFactorsResult | null;
  /** Each level of each factor alone and left out. */
  readonly leftOut: readonly FactorLeftOut[];
  /** The blocks at each noise level; empty for a single one. */
  readonly noiseLevels: readonly NoiseLevelResult[];
}

/** The groups tested over new pairs, images and noises at once. */
export interface RandomFactorsResult {
  /** What is random besides the pairs, and how many levels there were. */
  readonly factors: readonly { readonly name: FactorName; readonly levels: number }[];
  /** Of each group, over the mean of the noise levels. */
  readonly variance: VarianceComponents;
  /** The t over new pairs only, of the same mean. */
  readonly averaged: PairedT;
  /** Groups that vary. */
  readonly testedUnits: number;
  /** For each threshold of |t|, the groups that are as improbable as it. */
  readonly thresholds: readonly RandomThreshold[];
  /** Groups with a false discovery rate of at most 0.05 (Benjamini and Hochberg). */
  readonly falseDiscovery: { readonly averaged: number; readonly random: number };
}

/** Groups whose p is below that of a threshold of the paired t: so are tests of different degrees of freedom counted alike. */
export interface RandomThreshold {
  /** The threshold of |t|. */
  readonly threshold: number;
  /** The two-sided p of the threshold at pairs − 1 degrees of freedom. */
  readonly p: number;
  /** Groups below it over new pairs. */
  readonly averaged: number;
  /** Groups below it over new pairs, images and noises. */
  readonly random: number;
}

/** What each level of one factor shows alone, and the others without it. */
export interface FactorLeftOut extends LeaveOneLevelOut {
  /** What is left out. */
  readonly factor: FactorName;
}

/** The groups at one noise level, and the share of each block's groups over the threshold, in the order of the network. */
export interface NoiseLevelResult {
  /** The noise level. */
  readonly sigma: number;
  /** The paired t of each group. */
  readonly t: Float64Array;
  /** Each block's share. */
  readonly shares: readonly { readonly block: string; readonly share: number }[];
}

/** The groups of the repetitions. */
export interface RepeatedGroups {
  readonly records: readonly UnitRecord[];
  /** Root mean squares b − a [pairs, units] of each repetition. */
  readonly differences: readonly Matrix[];
  /** Under what each repetition was run. */
  readonly replicates: readonly Replicate[];
}

/**
 * Asks of the repetitions what their mean does not show: whether a result extends to images and noises that were not run,
 * whether it depends on one of those that were, and at which noise level it is seen.
 *
 * Differences are averaged here; the tests of the run average mean squares before the root is taken.
 */
export function analyzeRepetitions(
  { records, differences, replicates }: RepeatedGroups,
  { thresholds, blockThreshold }: { readonly thresholds: readonly number[]; readonly blockThreshold: number },
): RepetitionsResult {
  if (replicates.length !== differences.length)
    throw new RangeError(
      `replicates: expected one for each of the ${differences.length} captured repetitions, received ${replicates.length}; ` +
        "take those of the settings that were captured",
    );
  const factors = listFactors(replicates).filter(({ levels }) => new Set(levels).size > 1);
  return {
    random: factors.length === 0 ? null : testRandomFactors({ differences, replicates }, factors, thresholds),
    leftOut: factors.map(({ name, levels }) => ({
      factor: name,
      ...leaveOneLevelOut(differences, levels, { thresholds }),
    })),
    noiseLevels: rankAtNoiseLevels({ records, differences, replicates }, blockThreshold),
  };
}

/** A factor under one of the two names. */
interface NamedFactor extends CrossedFactor {
  readonly name: FactorName;
}

function listFactors(replicates: readonly Replicate[]): NamedFactor[] {
  return [
    {
      name: "reference",
      levels: replicates.map(({ reference }) => (reference === null ? "none" : reference + 1)),
    },
    { name: "noise seed", levels: replicates.map(({ noiseSeed }) => noiseSeed) },
  ];
}

function testRandomFactors(
  { differences, replicates }: Pick<RepeatedGroups, "differences" | "replicates">,
  factors: readonly NamedFactor[],
  thresholds: readonly number[],
): RandomFactorsResult {
  const cells = averageOverNoiseLevels(differences, replicates);
  const variance = varianceComponents(
    cells.map(({ mean }) => mean),
    factors.map(({ name, levels }) => ({ name, levels: cells.map(({ first }) => itemAt(levels, first)) })),
  );
  const averaged = pairedT(averageDifferences(differences));
  const exclude = [...new Set([...variance.degenerateUnits, ...averaged.degenerateUnits])];
  const degenerate = new Set(exclude);
  const countBelow = ({ p }: PairedT | VarianceComponents, bound: number): number =>
    p.filter((value, unit) => value < bound && !degenerate.has(unit)).length;
  const countDiscoveries = ({ p }: PairedT | VarianceComponents): number =>
    adjustPValues(p, "benjamini-hochberg", { exclude }).filter(
      (q, unit) => q <= ALPHA && !degenerate.has(unit),
    ).length;
  return {
    factors: factors.map(({ name, levels }) => ({ name, levels: new Set(levels).size })),
    variance,
    averaged,
    testedUnits: averaged.t.length - degenerate.size,
    thresholds: thresholds.map((threshold) => {
      const p = studentTwoSidedP(threshold, averaged.degreesOfFreedom);
      return { threshold, p, averaged: countBelow(averaged, p), random: countBelow(variance, p) };
    }),
    falseDiscovery: { averaged: countDiscoveries(averaged), random: countDiscoveries(variance) },
  };
}

/** The mean over the noise levels of every image and noise, with the place of its first repetition. */
function averageOverNoiseLevels(
  differences: readonly Matrix[],
  replicates: readonly Replicate[],
): { readonly mean: Matrix; readonly first: number }[] {
  const places = groupPlaces(replicates, ({ reference, noiseSeed }) => `${String(reference)} ${noiseSeed}`);
  return places.map((members) => ({
    mean: averageDifferences(members.map((place) => itemAt(differences, place))),
    first: members[0] ?? 0,
  }));
}

function rankAtNoiseLevels(
  { records, differences, replicates }: RepeatedGroups,
  threshold: number,
): NoiseLevelResult[] {
  const levels = groupPlaces(replicates, ({ sigma }) => String(sigma));
  if (levels.length < 2) return [];
  const labels = records.map(({ block }) => block);
  const order = [...new Set(labels)];
  return levels.map((members) => {
    const mean = averageDifferences(members.map((place) => itemAt(differences, place)));
    const statistics = pairedT(mean);
    const summaries = summarizeByBlock(statistics, labels, { threshold });
    const shares = new Map(summaries.map(({ block, share }) => [block, share]));
    return {
      sigma: itemAt(replicates, members[0] ?? 0).sigma,
      t: statistics.t,
      shares: order.map((block) => ({ block, share: shares.get(block) ?? 0 })),
    };
  });
}

/** The places of the repetitions that have something in common, in the order in which it first occurs. */
function groupPlaces(replicates: readonly Replicate[], key: (replicate: Replicate) => string): number[][] {
  const groups = new Map<string, number[]>();
  for (const [place, replicate] of replicates.entries()) {
    const members = groups.get(key(replicate));
    if (members) members.push(place);
    else groups.set(key(replicate), [place]);
  }
  return [...groups.values()];
}

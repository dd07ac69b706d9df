import { mean } from "d3-array";
import type { LevelSurvivors } from "@measure-plantain/paired-stats";
import type { Analysis } from "../statistics/analyze-captures.ts";
import type {
  FactorName,
  FactorLeftOut,
  NoiseLevelResult,
  RandomFactorsResult,
} from "../statistics/repetition-results.ts";
import { valueAt } from "../reading.ts";
import { ALPHA } from "../statistics/alpha.ts";
import type { SummaryContext } from "./summary-context.ts";

/** What was varied from pass to pass, and what the groups show over it. */
export interface RepetitionsSummary {
  /** How many fixed images conditioned the passes; 0 for a prompt set without one. */
  readonly references: number;
  /** How many seeds of the noise. */
  readonly noiseSeeds: number;
  /** Fixed images and noises taken as random; `null` if there is one of each. */
  readonly random: RandomFactorsSummary | null;
  /** Each level of each factor alone and left out. */
  readonly leftOut: readonly FactorLeftOutSummary[];
  /** The share of each block's groups over `blockThreshold` at each noise level; empty for a single one. */
  readonly noiseLevels: readonly Omit<NoiseLevelResult, "t">[];
}

/** The groups over new pairs, images and noises at once. */
export interface RandomFactorsSummary extends Pick<
  RandomFactorsResult,
  "factors" | "testedUnits" | "falseDiscovery"
> {
  /** Sources of variance: their mean share over the groups, and the groups whose estimate was below 0. */
  readonly components: readonly {
    readonly name: string;
    readonly share: number;
    readonly truncatedUnits: number;
  }[];
  /** Groups that are as improbable as each threshold of |t|. */
  readonly thresholds: readonly RandomThresholdSummary[];
  /** The rate that `falseDiscovery` counts at. */
  readonly alpha: number;
}

/** Groups whose p is below that of one threshold of the paired t. */
export interface RandomThresholdSummary {
  /** The threshold of |t|. */
  readonly threshold: number;
  /** Its two-sided p at pairs − 1 degrees of freedom. */
  readonly p: number;
  /** Groups below that p over new pairs. */
  readonly averaged: number;
  /** Groups below it over new pairs, images and noises. */
  readonly random: number;
  /** Groups that chance puts below it: `p` times the tested groups. */
  readonly byChance: number;
}

/** What the levels of one factor show alone and without each other. */
export interface FactorLeftOutSummary {
  /** What is left out. */
  readonly factor: FactorName;
  /** Counts over each threshold, in the order of `survivors`. */
  readonly levels: FactorLeftOut["levels"];
  /** Of the groups over each threshold, those that depend on no single level. */
  readonly survivors: readonly LevelSurvivors[];
}

/** What was varied from pass to pass; `null` if that is not known of the run. */
export function summarizeRepetitions(
  { repetitions }: Analysis,
  { replicates }: SummaryContext,
): RepetitionsSummary | null {
  if (replicates === undefined) return null;
  const images = new Set(replicates.flatMap(({ reference }) => (reference === null ? [] : [reference])));
  return {
    references: images.size,
    noiseSeeds: new Set(replicates.map(({ noiseSeed }) => noiseSeed)).size,
    random: repetitions?.random ? summarizeRandom(repetitions.random) : null,
    leftOut: repetitions?.leftOut ?? [],
    noiseLevels: (repetitions?.noiseLevels ?? []).map(({ sigma, shares }) => ({ sigma, shares })),
  };
}

function summarizeRandom(random: RandomFactorsResult): RandomFactorsSummary {
  const { factors, variance, testedUnits, thresholds, falseDiscovery } = random;
  const { components } = variance;
  const degenerate = new Set(variance.degenerateUnits);
  const units = [...variance.mean.keys()].filter((unit) => !degenerate.has(unit));
  const totals = variance.mean.map((_, unit) =>
    components.reduce((sum, component) => sum + valueAt(component.variance, unit), 0),
  );
  return {
    factors,
    testedUnits,
    components: components.map(({ name, variance: ofUnits, truncatedUnits }) => ({
      name,
      share: mean(units, (unit) => valueAt(ofUnits, unit) / valueAt(totals, unit)) ?? 0,
      truncatedUnits,
    })),
    thresholds: thresholds.map((tested) => ({ ...tested, byChance: tested.p * testedUnits })),
    falseDiscovery,
    alpha: ALPHA,
  };
}

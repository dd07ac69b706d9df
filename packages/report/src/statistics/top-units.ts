import {
  PairedStatsError,
  retestTopUnits,
  type SplitSampleEffect,
  type TopUnitOverlap,
} from "@measure-plantain/paired-stats";
import type { GranularityName } from "@measure-plantain/probe";
import type { GranularityResult } from "./granularity-result.ts";

/** What the strongest units of one half of the pairs show in the other. */
export interface TopUnitsResult {
  /** What the units are. */
  readonly name: GranularityName;
  /** Their effect in the half that selected them, and in the other. */
  readonly effect: SplitSampleEffect;
  /** How many of them both halves select. */
  readonly overlap: TopUnitOverlap;
}

/** Fewer pairs than these leave halves without a t worth the name. */
const LEAST_PAIRS = 6;
/** Each is used both ways round. */
const SPLITS = 5;

/** The share of the units that counts as the strongest, and how many they are at least: as many as a summary lists. */
const TOP_SHARE = 0.01;
const LEAST_TOP = 10;

/** MLP groups are among the groups, and those of the text stream are an extra. */
const EXAMINED: readonly GranularityName[] = ["group", "head"];

/**
 * How the strongest units of each granularity hold up in pairs that did not select them. A granularity is left out for too
 * few pairs, for fewer units than two such selections, or if a selected unit does not vary within a half.
 */
export function examineTopUnits(
  granularities: readonly Pick<GranularityResult, "name" | "differences" | "records" | "degenerateUnits">[],
  seed: number,
): TopUnitsResult[] {
  return granularities.flatMap(({ name, differences, records, degenerateUnits }) => {
    const [pairs] = differences.shape;
    const testedUnits = records.length - degenerateUnits.length;
    const top = Math.max(LEAST_TOP, Math.ceil(TOP_SHARE * testedUnits));
    if (!EXAMINED.includes(name) || pairs < LEAST_PAIRS || testedUnits < 2 * top) return [];
    try {
      return [{ name, ...retestTopUnits(differences, top, { splits: SPLITS, seed }) }];
    } catch (error) {
      if (error instanceof PairedStatsError && error.code === "degenerate") return [];
      throw error;
    }
  });
}

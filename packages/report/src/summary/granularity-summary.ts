import type { UnitRecord } from "@measure-plantain/probe";
import type { Tested, ThresholdNull } from "@measure-plantain/paired-stats";
import type { GranularityResult } from "../statistics/granularity-result.ts";
import type { GranularityName } from "@measure-plantain/probe";
import { itemAt, valueAt } from "../reading.ts";
import { ALPHA } from "../statistics/alpha.ts";

/** The results of one granularity. */
export interface GranularitySummary {
  /** What its units are. */
  readonly name: GranularityName;
  /** How many there are. */
  readonly units: number;
  /** Channels per unit; `null` if they differ. */
  readonly channelsPerUnit: number | null;
  /** Units that vary between the pairs: all but the degenerate ones. */
  readonly testedUnits: number;
  /** Units whose differences are all equal: how many, and the first of them. */
  readonly degenerate: { readonly count: number; readonly first: readonly string[] };
  /** The number of units over each threshold; empty if nothing varies. */
  readonly thresholds: readonly ThresholdSummary[];
  /** The greatest |t|; `null` if nothing varies. */
  readonly maximum: MaximumSummary | null;
  /** Units that are significant when their number is taken into account, at p = 0.05; `null` if nothing varies. */
  readonly survivors: Survivors | null;
  /** The units of the greatest |t|, the degenerate ones left out. */
  readonly strongest: readonly UnitRow[];
}

/** How many units keep a p of at most `alpha` when the number of units is taken into account. */
export interface Survivors {
  /** The error rate. */
  readonly alpha: number;
  /** By the greatest |t|: all of them are right, with probability 1 − alpha. */
  readonly familyWise: number;
  /** By Benjamini and Hochberg: at most a share alpha of them is expected to be wrong. */
  readonly falseDiscovery: number;
}

/** An observed statistic and its null in brief. */
export interface TestedSummary {
  /** The statistic itself. */
  readonly observed: number;
  /** The mean of the null. */
  readonly nullMean: number;
  /** The median of the null. */
  readonly nullP50: number;
  /** The 95th percentile of the null. */
  readonly nullP95: number;
  /** The 99th percentile of the null. */
  readonly nullP99: number;
  /** `null` if the percentile is 0 and the observed is not. */
  readonly observedOverP99: number | null;
  /** The share of the null that is as great, the observed labelling counted. */
  readonly p: number;
}

/** The number of units over one threshold of a statistic's magnitude. */
export interface ThresholdSummary extends TestedSummary {
  /** Units are counted whose magnitude is strictly greater. */
  readonly threshold: number;
  /** `observed / testedUnits`. */
  readonly share: number;
}

/** The greatest |t|. */
export interface MaximumSummary extends TestedSummary {
  /** The unit that has it. */
  readonly address: string;
}

/** One unit among the strongest. */
export interface UnitRow extends Pick<UnitRecord, "address" | "block" | "kind"> {
  /** Mean root mean square under condition a. */
  readonly rmsA: number;
  /** Mean root mean square under condition b. */
  readonly rmsB: number;
  /** The mean of b − a over the pairs. */
  readonly meanDifference: number;
  /** The paired t of b − a. */
  readonly t: number;
  /** Two-sided, not corrected for the number of units. */
  readonly p: number;
  /** Corrected for the number of units by the greatest |t|. */
  readonly familyWiseP: number;
  /** Mean over standard deviation of the differences. */
  readonly cohensDz: number;
}

/** How many units a summary lists as the strongest, and how many degenerate ones by name. */
const LISTED_UNITS = 10;

/** The results of one granularity in brief: plain data without infinities. */
export function summarizeGranularity(granularity: GranularityResult): GranularitySummary {
  const { name, records, degenerateUnits, signFlip, corrected } = granularity;
  const strongest = listStrongest(granularity);
  const testedUnits = records.length - degenerateUnits.length;
  return {
    name,
    units: records.length,
    channelsPerUnit: channelsPerUnit(records),
    testedUnits,
    degenerate: { count: degenerateUnits.length, first: degenerateUnits.slice(0, LISTED_UNITS) },
    thresholds: summarizeThresholds(signFlip, testedUnits),
    maximum:
      signFlip === null
        ? null
        : { address: itemAt(strongest, 0).address, ...summarizeTested(signFlip.maximum) },
    survivors:
      corrected === null
        ? null
        : {
            alpha: ALPHA,
            familyWise: corrected.familyWise.filter((p) => p <= ALPHA).length,
            falseDiscovery: corrected.falseDiscovery.filter((p) => p <= ALPHA).length,
          },
    strongest,
  };
}

/** The counts over each threshold in brief; none where nothing varies. */
export function summarizeThresholds(
  signFlip: { readonly thresholds: readonly ThresholdNull[] } | null,
  testedUnits: number,
): ThresholdSummary[] {
  return (signFlip?.thresholds ?? []).map((tested) => ({
    threshold: tested.threshold,
    share: tested.observed / testedUnits,
    ...summarizeTested(tested),
  }));
}

/** Channels per unit; `null` if they differ. */
export function channelsPerUnit(records: readonly UnitRecord[]): number | null {
  const sizes = new Set(records.map(({ channels: [start, stop] }) => stop - start));
  const [size = null] = sizes;
  return sizes.size === 1 ? size : null;
}

/** An observed statistic and its null in brief. */
export function summarizeTested({
  observed,
  null: nullDistribution,
  observedOverP99,
  p,
}: Tested): TestedSummary {
  const { mean, p50, p95, p99 } = nullDistribution;
  return {
    observed,
    nullMean: mean,
    nullP50: p50,
    nullP95: p95,
    nullP99: p99,
    observedOverP99: Number.isFinite(observedOverP99) ? observedOverP99 : null,
    p,
  };
}

function listStrongest({ records, conditionMeans, pairedT, corrected }: GranularityResult): UnitRow[] {
  const degenerate = new Set(pairedT.degenerateUnits);
  const row = (unit: number, { address, block, kind }: UnitRecord): UnitRow => ({
    address,
    block,
    kind,
    rmsA: valueAt(conditionMeans.a, unit),
    rmsB: valueAt(conditionMeans.b, unit),
    meanDifference: valueAt(pairedT.mean, unit),
    t: valueAt(pairedT.t, unit),
    p: valueAt(pairedT.p, unit),
    familyWiseP: corrected === null ? 1 : valueAt(corrected.familyWise, unit),
    cohensDz: valueAt(pairedT.cohensDz, unit),
  });
  return [...records.entries()]
    .filter(([unit]) => !degenerate.has(unit))
    .map(([unit, record]) => ({ unit, record, size: Math.abs(valueAt(pairedT.t, unit)) }))
    .sort((left, right) => right.size - left.size)
    .slice(0, LISTED_UNITS)
    .map(({ unit, record }) => row(unit, record));
}

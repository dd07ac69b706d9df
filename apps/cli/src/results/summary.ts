import type { UnitRecord } from "@measure-plantain/head-hooks";
import type { Tested } from "@measure-plantain/paired-stats";
import { median } from "d3-array";
import { type PromptSet, type PromptSetAudit, promptText } from "@measure-plantain/prompts";
import type { Analysis, GranularityResult } from "./analyze-captures.ts";
import { type Conclusions, drawConclusions } from "./conclusions.ts";
import type { GranularityName } from "./granularities.ts";
import { examineTokenLength } from "./token-length.ts";

/** What the statistics do not know about a run. */
export interface SummaryContext {
  /** `isSynthesized` where the weights are random, whatever their shape. */
  readonly checkpoint: { readonly id: string; readonly isSynthesized: boolean };
  readonly promptSet: PromptSet;
  readonly audit: PromptSetAudit;
  /** Where the passes were computed, as `cpu`. */
  readonly device: string;
}

/** A run in brief, as `summary.json` holds it. Where a number may be infinite, `null` stands for infinity. */
export interface Summary {
  readonly schemaVersion: 1;
  readonly checkpoint: SummaryContext["checkpoint"];
  readonly device: string;
  readonly promptSet: Pick<PromptSet, "name" | "version" | "title" | "labels">;
  readonly pairs: number;
  readonly signFlips: { readonly labellings: number; readonly exact: boolean; readonly seed: number };
  readonly granularities: readonly GranularitySummary[];
  /** The blocks by their groups, strongest first. */
  readonly blocks: readonly BlockRow[];
  /** The threshold of |t| that the blocks are ranked by. */
  readonly blockThreshold: number;
  /** `null` where it cannot be said: equal token differences, too few pairs. */
  readonly tokenLength: TokenLengthSummary | null;
  /** `null` where it cannot be said: too few pairs, nothing that varies. */
  readonly halves: HalvesSummary | null;
  readonly audit: AuditSummary;
  readonly conclusions: Conclusions;
}

/** The results of one granularity. */
export interface GranularitySummary {
  readonly name: GranularityName;
  readonly units: number;
  /** Channels per unit; `null` if they differ. */
  readonly channelsPerUnit: number | null;
  /** Units that vary between the pairs: all but the degenerate ones. */
  readonly testedUnits: number;
  /** Units whose differences are all equal: how many, and the first of them. */
  readonly degenerate: { readonly count: number; readonly first: readonly string[] };
  /** The number of units over each threshold; empty where nothing varies. */
  readonly thresholds: readonly ThresholdSummary[];
  /** The greatest |t|; `null` where nothing varies. */
  readonly maximum: MaximumSummary | null;
  /** Units that are significant when their number is taken into account, at {@link ALPHA}; `null` where nothing varies. */
  readonly survivors: Survivors | null;
  /** The units of the greatest |t|, the degenerate ones left out. */
  readonly strongest: readonly UnitRow[];
}

/** How many units keep a p of at most `alpha` when the number of units is taken into account. */
export interface Survivors {
  readonly alpha: number;
  /** By the greatest |t|: all of them are right, with probability 1 − alpha. */
  readonly familyWise: number;
  /** By Benjamini and Hochberg: at most a share alpha of them is expected to be wrong. */
  readonly falseDiscovery: number;
}

/** An observed statistic and its null in brief. */
export interface TestedSummary {
  readonly observed: number;
  readonly nullMean: number;
  readonly nullP50: number;
  readonly nullP95: number;
  readonly nullP99: number;
  /** `null` where the percentile is 0 and the observed is not. */
  readonly observedOverP99: number | null;
  readonly p: number;
}

/** The number of units over one threshold of |t|. */
export interface ThresholdSummary extends TestedSummary {
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
  readonly meanDifference: number;
  readonly t: number;
  /** Two-sided, not corrected for the number of units. */
  readonly p: number;
  /** Corrected for the number of units by the greatest |t|. */
  readonly familyWiseP: number;
  readonly cohensDz: number;
}

/** What the number of tokens has to do with the answers of the groups. */
export interface TokenLengthSummary {
  /** Pairs whose sides differ in their number of tokens. */
  readonly differingPairs: number;
  /** Median over the groups of |r| between difference and token difference. */
  readonly medianAbsR: number;
  /** Groups over each threshold at equal token counts, the token difference regressed out. */
  readonly thresholds: readonly { readonly threshold: number; readonly count: number }[];
}

/** Whether one half of the pairs shows the same groups as the other: r of the t values across groups. */
export interface HalvesSummary {
  readonly splits: number;
  readonly median: number;
  readonly lowerQuartile: number;
  readonly upperQuartile: number;
  /** The median's 99th percentile when the labels mean nothing. */
  readonly nullP99: number;
  readonly p: number;
}

/** One block, counted in groups. */
export interface BlockRow {
  readonly block: string;
  /** Groups that vary between the pairs. */
  readonly testedUnits: number;
  readonly overThreshold: number;
  readonly share: number;
  /** 99th percentile of the share when the labels mean nothing; `null` where nothing varies. */
  readonly nullP99Share: number | null;
  readonly maxAbsT: number;
  /** The unit of the greatest |t|; `null` where nothing varies. */
  readonly strongestUnit: string | null;
  readonly medianAbsDz: number;
}

/** The audit of the prompt pairs, with their texts. */
export interface AuditSummary extends Pick<PromptSetAudit, "verdicts" | "direction" | "changes"> {
  readonly pairs: readonly {
    readonly id: string;
    readonly a: string;
    readonly b: string;
    readonly tokens: PromptSetAudit["pairs"][number]["tokens"];
    readonly verdict: PromptSetAudit["pairs"][number]["verdict"];
    readonly changes: readonly string[];
  }[];
}

/** How many units a summary lists as the strongest, and how many degenerate ones by name. */
const LISTED_UNITS = 10;

/** The error rate that survivors are counted at. */
const ALPHA = 0.05;

/** The results of a run in brief: plain data without infinities, so that JSON keeps all of it. */
export function summarize(analysis: Analysis, context: SummaryContext): Summary {
  const { checkpoint, device, promptSet, audit } = context;
  const { name, version, title, labels } = promptSet;
  const groups = analysis.granularities.find((granularity) => granularity.name === "group");
  const signFlip = analysis.granularities.find((granularity) => granularity.signFlip !== null)?.signFlip;
  const results: Omit<Summary, "conclusions"> = {
    schemaVersion: 1,
    checkpoint,
    device,
    promptSet: { name, version, title, labels },
    pairs: analysis.pairs,
    signFlips: {
      labellings: signFlip?.labellings ?? 0,
      exact: analysis.flips === "exact",
      seed: analysis.seed,
    },
    granularities: analysis.granularities.map(summarizeGranularity),
    blocks: analysis.blocks.map(
      ({ block, units, overThreshold, share, count, maxAbsT, maxAbsTUnit, medianAbsDz }) => ({
        block,
        testedUnits: units,
        overThreshold,
        share,
        nullP99Share: count === null ? null : count.null.p99 / units,
        maxAbsT,
        strongestUnit: groups?.records[maxAbsTUnit]?.address ?? null,
        medianAbsDz,
      }),
    ),
    blockThreshold: analysis.blockThreshold,
    tokenLength: summarizeTokenLength(analysis, audit),
    halves: summarizeHalves(analysis),
    audit: summarizeAudit(promptSet, audit),
  };
  return { ...results, conclusions: drawConclusions(results) };
}

function summarizeGranularity(granularity: GranularityResult): GranularitySummary {
  const { name, records, degenerateUnits, signFlip, corrected } = granularity;
  const sizes = new Set(records.map(({ channels: [start, stop] }) => stop - start));
  const [size = null] = sizes;
  const strongest = listStrongest(granularity);
  const testedUnits = records.length - degenerateUnits.length;
  return {
    name,
    units: records.length,
    channelsPerUnit: sizes.size === 1 ? size : null,
    testedUnits,
    degenerate: { count: degenerateUnits.length, first: degenerateUnits.slice(0, LISTED_UNITS) },
    thresholds: (signFlip?.thresholds ?? []).map((tested) => ({
      threshold: tested.threshold,
      share: tested.observed / testedUnits,
      ...summarizeTested(tested),
    })),
    maximum:
      signFlip === null
        ? null
        : { address: strongest[0]?.address ?? "", ...summarizeTested(signFlip.maximum) },
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

function summarizeTokenLength(analysis: Analysis, audit: PromptSetAudit): TokenLengthSummary | null {
  const examined = examineTokenLength(analysis, audit);
  if (examined === null) return null;
  return {
    differingPairs: audit.pairs.filter(({ tokens }) => tokens.difference !== 0).length,
    medianAbsR: median(examined.r, Math.abs) ?? 0,
    thresholds: analysis.thresholds.map((threshold) => ({
      threshold,
      count: examined.adjustedT.filter((t) => Math.abs(t) > threshold).length,
    })),
  };
}

function summarizeHalves({ halves }: Analysis): HalvesSummary | null {
  if (halves?.nullOfT === undefined) return null;
  const { ofT, nullOfT } = halves;
  const { median, lowerQuartile, upperQuartile } = ofT;
  return {
    splits: ofT.r.length,
    median,
    lowerQuartile,
    upperQuartile,
    nullP99: nullOfT.null.p99,
    p: nullOfT.p,
  };
}

function summarizeTested({ observed, null: nullDistribution, observedOverP99, p }: Tested): TestedSummary {
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
    rmsA: conditionMeans.a[unit] ?? 0,
    rmsB: conditionMeans.b[unit] ?? 0,
    meanDifference: pairedT.mean[unit] ?? 0,
    t: pairedT.t[unit] ?? 0,
    p: pairedT.p[unit] ?? 1,
    familyWiseP: corrected?.familyWise[unit] ?? 1,
    cohensDz: pairedT.cohensDz[unit] ?? 0,
  });
  return [...records.entries()]
    .filter(([unit]) => !degenerate.has(unit))
    .map(([unit, record]) => ({ unit, record, size: Math.abs(pairedT.t[unit] ?? 0) }))
    .sort((left, right) => right.size - left.size)
    .slice(0, LISTED_UNITS)
    .map(({ unit, record }) => row(unit, record));
}

function summarizeAudit(promptSet: PromptSet, audit: PromptSetAudit): AuditSummary {
  const audited = new Map(audit.pairs.map((pair) => [pair.id, pair]));
  return {
    verdicts: audit.verdicts,
    direction: audit.direction,
    changes: audit.changes,
    pairs: promptSet.pairs.map(({ id, a, b }) => {
      const pair = audited.get(id);
      if (pair === undefined)
        throw new RangeError(
          `summary: expected an audit of the pair "${id}", received none; audit this set again`,
        );
      const { tokens, verdict, changes } = pair;
      return { id, a: promptText(a), b: promptText(b), tokens, verdict, changes };
    }),
  };
}

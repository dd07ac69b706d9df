import { median } from "d3-array";
import { type PromptSet, type PromptSetAudit, promptText } from "@measure-plantain/prompts";
import type {
  CutPrompts,
  WordCountsRecord,
  Replicate,
  SegmentName,
  ChangedCaptures,
} from "@measure-plantain/probe";
import type { Analysis } from "../statistics/analyze-captures.ts";
import { type Conclusions, drawConclusions } from "./conclusions.ts";
import { type ConfoundsSummary, summarizeConfounds } from "./confounds.ts";
import { type ControlEvidence, type ControlSummary, summarizeControl } from "./control-summary.ts";
import { type GradesSummary, summarizeGrades } from "./grades-summary.ts";
import { type GranularitySummary, summarizeGranularity } from "./granularity-summary.ts";
import { listNotices, type Notice } from "./notices.ts";
import { examineTokenLength } from "../statistics/token-length.ts";

/** What the statistics do not know about a run. */
export interface SummaryContext {
  /** `isSynthesized` where the weights are random, whatever their shape. */
  readonly checkpoint: { readonly id: string; readonly isSynthesized: boolean };
  readonly promptSet: PromptSet;
  readonly audit: PromptSetAudit;
  /** The list of words that the audit went by, where one was given. */
  readonly wordCounts?: WordCountsRecord;
  /** Where the passes were computed, as `cpu`. */
  readonly device: string;
  /** If the prompts that the fixed images were rendered from did not fit the token sequence. */
  readonly cutRenderPrompts?: CutPrompts;
  /** If the captures are not the ones that the run wrote. */
  readonly changedCaptures?: ChangedCaptures;
  /** The controls that were run beside it. */
  readonly controls?: readonly ControlEvidence[];
  /** How each repetition was run, in the order of the captures. */
  readonly replicates?: readonly Replicate[];
}

/** A run in brief, as `summary.json` holds it. Where a number may be infinite, `null` stands for infinity. */
export interface Summary {
  readonly schemaVersion: 1;
  readonly checkpoint: SummaryContext["checkpoint"];
  readonly device: string;
  readonly promptSet: Pick<PromptSet, "name" | "version" | "title" | "labels" | "controls">;
  readonly pairs: number;
  /** What a reader has to know before any number. */
  readonly notices: readonly Notice[];
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
  /** Whether the units' differences follow the grades of the pairs; `null` where the prompt set is not graded. */
  readonly grades: GradesSummary | null;
  /** The groups over one part of the tokens each; empty where the parts were not captured. */
  readonly segments: readonly SegmentSummary[];
  /** What each repetition shows alone, in groups; empty where every pass was run once. */
  readonly replicates: readonly ReplicateSummary[];
  readonly audit: AuditSummary;
  /** Which confounds of the audit the pairs' responses follow; `null` where that cannot be said. */
  readonly confounds: ConfoundsSummary | null;
  /** The controls that were run beside it. */
  readonly controls: readonly ControlSummary[];
  readonly conclusions: Conclusions;
}

/** The groups over one part of the tokens. */
export interface SegmentSummary {
  readonly name: SegmentName;
  readonly groups: GranularitySummary;
}

/** One repetition of all passes: its noise, fixed image and noise level, and what it shows alone. */
export interface ReplicateSummary extends Replicate {
  readonly thresholds: readonly { readonly threshold: number; readonly count: number }[];
  readonly maximum: number;
  readonly correlationWithMean: number | null;
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
export interface AuditSummary extends Pick<PromptSetAudit, "verdicts" | "direction" | "cut" | "changes"> {
  /** The list of words that `wordClass` goes by; absent where none was given. */
  readonly wordCounts?: WordCountsRecord;
  readonly pairs: readonly {
    readonly id: string;
    readonly a: string;
    readonly b: string;
    readonly tokens: PromptSetAudit["pairs"][number]["tokens"];
    readonly wordClass?: PromptSetAudit["pairs"][number]["wordClass"];
    readonly verdict: PromptSetAudit["pairs"][number]["verdict"];
    readonly changes: readonly string[];
  }[];
}

/** The results of a run in brief: plain data without infinities, so that JSON keeps all of it. */
export function summarize(analysis: Analysis, context: SummaryContext): Summary {
  const { checkpoint, device, promptSet, audit } = context;
  const { name, version, title, labels, controls } = promptSet;
  const groups = analysis.granularities.find((granularity) => granularity.name === "group");
  const signFlip = analysis.granularities.find((granularity) => granularity.signFlip !== null)?.signFlip;
  const results: Omit<Summary, "conclusions"> = {
    schemaVersion: 1,
    checkpoint,
    device,
    promptSet: { name, version, title, labels, ...(controls && { controls }) },
    pairs: analysis.pairs,
    notices: listNotices(context),
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
    grades: summarizeGrades(analysis),
    segments: analysis.segments.map(({ name, groups }) => ({
      name,
      groups: summarizeGranularity(groups),
    })),
    replicates: analysis.replicates.map(({ counts, maximum, correlationWithMean }, place) => {
      const replicate = context.replicates?.[place];
      if (replicate === undefined)
        throw new RangeError(`summary: nothing is known of repetition ${place + 1}; give the run's settings`);
      const thresholds = analysis.thresholds.map((threshold, k) => ({ threshold, count: counts[k] ?? 0 }));
      return { ...replicate, thresholds, maximum, correlationWithMean };
    }),
    audit: summarizeAudit(context),
    confounds: summarizeConfounds(analysis, audit),
    controls: (context.controls ?? []).map(summarizeControl),
  };
  return { ...results, conclusions: drawConclusions(results) };
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

function summarizeAudit({ promptSet, audit, wordCounts }: SummaryContext): AuditSummary {
  const audited = new Map(audit.pairs.map((pair) => [pair.id, pair]));
  return {
    verdicts: audit.verdicts,
    direction: audit.direction,
    ...(audit.cut && { cut: audit.cut }),
    ...(wordCounts && { wordCounts }),
    changes: audit.changes,
    pairs: promptSet.pairs.map(({ id, a, b }) => {
      const pair = audited.get(id);
      if (pair === undefined)
        throw new RangeError(
          `summary: expected an audit of the pair "${id}", received none; audit this set again`,
        );
      const { tokens, wordClass, verdict, changes } = pair;
      const rarity = wordClass && { wordClass };
      return { id, a: promptText(a), b: promptText(b), tokens, ...rarity, verdict, changes };
    }),
  };
}

import type { Replicate, SegmentName, WordCountsRecord } from "@measure-plantain/probe";
import type { PromptSet, PromptSetAudit } from "@measure-plantain/prompts";
import type { GranularityComparison } from "../statistics/compare-analyses.ts";
import type { PlanSummary } from "../plan/plan-summary.ts";
import type { ConfoundsSummary } from "./confounds.ts";
import type { GradesSummary } from "./grades-summary.ts";
import type { GranularitySummary } from "./granularity-summary.ts";

/** A run in brief, as `summary.json` holds it. If a number may be infinite, `null` stands for infinity. */
export interface Summary {
  /** Of this form. */
  readonly schemaVersion: 1;
  /** `isSynthesized` if the weights are random, whatever their shape. */
  readonly checkpoint: { readonly id: string; readonly isSynthesized: boolean };
  /** Where the passes were computed, as `cpu`. */
  readonly device: string;
  /** What the pairs are. */
  readonly promptSet: Pick<PromptSet, "name" | "version" | "title" | "labels" | "controls">;
  /** How many were captured. */
  readonly pairs: number;
  /** What a reader has to know before any number. */
  readonly notices: readonly Notice[];
  /** The labellings of the nulls; `exact` if they are all that there are. */
  readonly signFlips: { readonly labellings: number; readonly exact: boolean; readonly seed: number };
  /** The results of each granularity. */
  readonly granularities: readonly GranularitySummary[];
  /** The blocks by their groups, strongest first. */
  readonly blocks: readonly BlockRow[];
  /** The threshold of |t| that the blocks are ranked by. */
  readonly blockThreshold: number;
  /** `null` if it cannot be said: equal token differences, too few pairs. */
  readonly tokenLength: TokenLengthSummary | null;
  /** `null` if it cannot be said: too few pairs, nothing that varies. */
  readonly halves: HalvesSummary | null;
  /** Whether the units' differences follow the grades of the pairs; `null` if the prompt set is not graded. */
  readonly grades: GradesSummary | null;
  /** The groups over one part of the tokens each; empty if the parts were not captured. */
  readonly segments: readonly SegmentSummary[];
  /** What each repetition shows alone, in groups; empty if every pass was run once. */
  readonly replicates: readonly ReplicateSummary[];
  /** What else than the contrast differs within the pairs, with their texts. */
  readonly audit: AuditSummary;
  /** Which confounds of the audit the pairs' responses follow; `null` if that cannot be said. */
  readonly confounds: ConfoundsSummary | null;
  /** The controls that were run next to it. */
  readonly controls: readonly ControlSummary[];
  /** What the run allows to say, and what it does not. */
  readonly conclusions: Conclusions;
  /** What came of the plan that the run began with; omitted if it had none. */
  readonly plan?: PlanSummary;
}

/** The groups over one part of the tokens. */
export interface SegmentSummary {
  /** Which tokens. */
  readonly name: SegmentName;
  /** The results of the groups over these tokens. */
  readonly groups: GranularitySummary;
}

/** One repetition of all passes: its noise, fixed image and noise level, and what it shows alone. */
export interface ReplicateSummary extends Replicate {
  /** The number of groups over each threshold of |t|. */
  readonly thresholds: readonly { readonly threshold: number; readonly count: number }[];
  /** The greatest |t|. */
  readonly maximum: number;
  /** Pearson's r of its t with that of the mean over the repetitions; `null` if one does not vary. */
  readonly correlationWithMean: number | null;
}

/** How the number of tokens is related to the responses of the groups. */
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
  /** How many random halvings. */
  readonly splits: number;
  /** Of r over the halvings. */
  readonly median: number;
  /** Of r over the halvings. */
  readonly lowerQuartile: number;
  /** Of r over the halvings. */
  readonly upperQuartile: number;
  /** The median's 99th percentile when the labels mean nothing. */
  readonly nullP99: number;
  /** Of the median. */
  readonly p: number;
}

/** One block, counted in groups. */
export interface BlockRow {
  /** Its path, as `single.2`. */
  readonly block: string;
  /** Groups that vary between the pairs. */
  readonly testedUnits: number;
  /** Groups over `blockThreshold`. */
  readonly overThreshold: number;
  /** `overThreshold / testedUnits`. */
  readonly share: number;
  /** 99th percentile of the share when the labels mean nothing; `null` if nothing varies. */
  readonly nullP99Share: number | null;
  /** The greatest |t|. */
  readonly maxAbsT: number;
  /** The unit of the greatest |t|; `null` if nothing varies. */
  readonly strongestUnit: string | null;
  /** The median of |Cohen's d_z| over its groups. */
  readonly medianAbsDz: number;
}

/** The audit of the prompt pairs, with their texts. */
export interface AuditSummary extends Pick<PromptSetAudit, "verdicts" | "direction" | "cut" | "changes"> {
  /** The list of words that `wordClass` uses; omitted if none was given. */
  readonly wordCounts?: WordCountsRecord;
  /** Each pair with its texts, in the order of the set. */
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

/** What a run allows to say, and what it does not: whole sentences. */
export interface Conclusions {
  /** What it allows to say. */
  readonly may: readonly string[];
  /** What it does not show. */
  readonly mayNot: readonly string[];
}

/** What a reader has to know before any number of a run. */
export interface Notice {
  /** As "Cut prompts". */
  readonly title: string;
  /** Whole sentences. */
  readonly text: string;
}

/**
 * What sets a control apart from its run: random weights; other prompts; settings such as a seed; or weights that were
 * changed in a known way, which are spoken of elsewhere.
 */
export type ControlKind = "weights" | "prompts" | "settings" | "changed-weights";

/** A control in brief. */
export interface ControlSummary {
  /** Of its folder, as `random-weights-1`. */
  readonly name: string;
  /** What sets it apart. */
  readonly kind: ControlKind;
  /** The pairs that it was run with. */
  readonly promptSet: Pick<PromptSet, "name" | "version" | "title" | "labels">;
  /** Why the contrasts are not subtracted pair by pair; `null` if they are. */
  readonly unpaired: string | null;
  /** Those that the run has, too. */
  readonly granularities: readonly ControlGranularity[];
}

/** One granularity of a control, and what the comparison with the run gives. */
export interface ControlGranularity
  extends
    Pick<GranularitySummary, "name" | "testedUnits" | "thresholds" | "maximum" | "survivors">,
    Pick<GranularityComparison, "correlationOfT" | "top" | "difference"> {}

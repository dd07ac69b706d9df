import type { Replicate, SegmentName, WordCountsRecord } from "@measure-plantain/probe";
import type { PromptSet, PromptSetAudit } from "@measure-plantain/prompts";
import type { GranularityComparison } from "../statistics/compare-analyses.ts";
import type { BlockRow, StrongestBlockSummary } from "./block-summary.ts";
import type { PlanSummary } from "../plan/plan-summary.ts";
import type { ConfoundsSummary } from "./confounds.ts";
import type { AxisSummary } from "./axis-summary.ts";
import type { CrossedSummary } from "./crossed-summary.ts";
import type { RepetitionsSummary } from "./repetitions-summary.ts";
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
  /** Whether the first of them is the strongest beyond chance; `null` if nothing varies, or for a single block. */
  readonly strongestBlock: StrongestBlockSummary | null;
  /** The threshold of |t| that the blocks are ranked by. */
  readonly blockThreshold: number;
  /** `null` if it cannot be said: equal token differences, too few pairs. */
  readonly tokenLength: TokenLengthSummary | null;
  /** `null` if it cannot be said: too few pairs, nothing that varies. */
  readonly halves: HalvesSummary | null;
  /** What the strongest groups and heads of one half of the pairs show in the other; empty if that cannot be said. */
  readonly topUnits: readonly TopUnitsSummary[];
  /** Whether the units' differences follow the grades of the pairs; `null` if the prompt set is not graded. */
  readonly grades: GradesSummary | null;
  /** Whether the pairs differ along one direction, for signed responses; empty if they were not captured. */
  readonly axes: readonly AxisSummary[];
  /** How far the texts of a pair move the prompt embedding; `null` if the run did not store it. */
  readonly embeddingDistance: DistanceSummary | null;
  /** The graded factor of a crossed set apart from the others; `null` if the prompt set is not crossed. */
  readonly crossed: CrossedSummary | null;
  /** The groups over one part of the tokens each; empty if the parts were not captured. */
  readonly segments: readonly SegmentSummary[];
  /** What each repetition shows alone, in groups; empty if every pass was run once. */
  readonly replicates: readonly ReplicateSummary[];
  /** Whether the results extend to other fixed images and noises; `null` if what was varied is not known. */
  readonly repetitions: RepetitionsSummary | null;
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

/** ‖e_b − e_a‖ of the prompt embeddings over the pairs. */
export interface DistanceSummary {
  /** Over the pairs. */
  readonly median: number;
  /** Over the pairs. */
  readonly least: number;
  /** Over the pairs. */
  readonly greatest: number;
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

/** The strongest units of one half of the pairs, tried on the other, and the other way round. */
export interface TopUnitsSummary extends Pick<GranularitySummary, "name" | "channelsPerUnit"> {
  /** How many units each half selected, by |t|. */
  readonly top: number;
  /** How many random halvings; the numbers below are medians over them. */
  readonly splits: number;
  /** Mean d_z of the selected units in the half that selected them, each in its own direction: inflated by the selection. */
  readonly selectedDz: number;
  /** Mean d_z of the same units in the other half, in the direction that the first found: free of the selection. */
  readonly otherHalfDz: number;
  /** The share of the selected units that the other half selects, too. */
  readonly overlap: number;
  /** The share that halves with nothing in common select alike, on average. */
  readonly overlapByChance: number;
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
 * What sets a control apart from its run: random weights; no adapters; other prompts; settings such as a seed; or weights that
 * were changed in a known way, which are spoken of elsewhere.
 */
export type ControlKind = "weights" | "base" | "prompts" | "settings" | "changed-weights";

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
  /** How far its texts move the prompt embedding; `null` if the control did not store it. */
  readonly embeddingDistance: DistanceSummary | null;
  /** Those that the run has, too. */
  readonly granularities: readonly ControlGranularity[];
}

/** One granularity of a control, and what the comparison with the run gives. */
export interface ControlGranularity
  extends
    Pick<GranularitySummary, "name" | "testedUnits" | "thresholds" | "maximum" | "survivors">,
    Pick<GranularityComparison, "correlationOfT" | "top" | "difference" | "atEqualDistance"> {}

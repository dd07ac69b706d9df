import type { PromptSet } from "@measure-plantain/prompts";
import type { GranularityComparison } from "../statistics/compare-analyses.ts";
import type { Analysis } from "../statistics/analyze-captures.ts";
import { type GranularitySummary, summarizeGranularity } from "./granularity-summary.ts";
import type { Notice } from "./notice.ts";

/**
 * What sets a control apart from its run: random weights; other prompts; settings such as a seed; or weights that were
 * changed in a known way, which are spoken of elsewhere.
 */
export type ControlKind = "weights" | "prompts" | "settings" | "changed-weights";

/** A control beside its run, as it was analysed. */
export interface ControlEvidence {
  /** Of its folder, as `random-weights-1`. */
  readonly name: string;
  /** What sets it apart. */
  readonly kind: ControlKind;
  /** The pairs that it was run with. */
  readonly promptSet: PromptSet;
  /** What a reader has to know before any of its numbers. */
  readonly notices?: readonly Notice[];
  /** Its statistics. */
  readonly analysis: Analysis;
  /** Why the contrasts are not subtracted pair by pair; `null` if they are. */
  readonly unpaired?: string | null;
  /** The run held against it. */
  readonly comparisons: readonly GranularityComparison[];
}

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

/** A control in brief; granularities that the run does not have are left out. */
export function summarizeControl({
  name,
  kind,
  promptSet,
  analysis,
  unpaired = null,
  comparisons,
}: ControlEvidence): ControlSummary {
  const { name: setName, version, title, labels } = promptSet;
  return {
    name,
    kind,
    promptSet: { name: setName, version, title, labels },
    unpaired,
    granularities: comparisons.flatMap(({ name, correlationOfT, top, difference }) => {
      const granularity = analysis.granularities.find((candidate) => candidate.name === name);
      if (granularity === undefined) return [];
      const { testedUnits, thresholds, maximum, survivors } = summarizeGranularity(granularity);
      return [{ name, testedUnits, thresholds, maximum, survivors, correlationOfT, top, difference }];
    }),
  };
}

import type { ChangedCaptures, CutPrompts, Replicate, WordCountsRecord } from "@measure-plantain/probe";
import type { PromptSet, PromptSetAudit } from "@measure-plantain/prompts";

/** What the statistics do not know about a run. */
export interface SummaryContext {
  /** `isSynthesized` if the weights are random, whatever their shape. */
  readonly checkpoint: { readonly id: string; readonly isSynthesized: boolean };
  /** The pairs. */
  readonly promptSet: PromptSet;
  /** What else than the contrast differs within the pairs. */
  readonly audit: PromptSetAudit;
  /** The list of words that the audit used, if one was given. */
  readonly wordCounts?: WordCountsRecord;
  /** Where the passes were computed, as `cpu`. */
  readonly device: string;
  /** If the prompts that the fixed images were rendered from did not fit the token sequence. */
  readonly cutRenderPrompts?: CutPrompts;
  /** If the captures are not the ones that the run wrote. */
  readonly changedCaptures?: ChangedCaptures;
  /** How each repetition was run, in the order of the captures. */
  readonly replicates?: readonly Replicate[];
}

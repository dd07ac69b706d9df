import { covariateT, gradeCorrelation } from "@measure-plantain/paired-stats";
import type { PromptSetAudit } from "@measure-plantain/prompts";
import type { Analysis } from "./analyze-captures.ts";

/** How the number of tokens is related to the responses of the groups. */
export interface TokenLengthResult {
  /** Pearson's r over the pairs between each group's difference and the difference of token counts. */
  readonly r: Float64Array;
  /** t of each group's difference at equal token counts: the token difference is regressed out. */
  readonly adjustedT: Float64Array;
}

/** Regression on one covariate needs more than two pairs. */
const LEAST_PAIRS = 4;

/**
 * Holds the groups' differences against the token counts of their pairs; `null` where all pairs differ by the same number
 * of tokens, so that nothing can be told apart, or where there are too few pairs.
 */
export function examineTokenLength(
  analysis: Analysis,
  audit: { readonly pairs: readonly Pick<PromptSetAudit["pairs"][number], "tokens">[] },
): TokenLengthResult | null {
  const groups = analysis.granularities.find(({ name }) => name === "group");
  const tokens = audit.pairs.map(({ tokens: { difference } }) => difference);
  if (groups === undefined || groups.signFlip === null || analysis.pairs < LEAST_PAIRS) return null;
  if (new Set(tokens).size < 2) return null;
  return {
    r: gradeCorrelation(groups.differences, tokens, { method: "pearson" }).r,
    adjustedT: covariateT(groups.differences, tokens).t,
  };
}

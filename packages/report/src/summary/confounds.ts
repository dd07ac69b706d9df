import { adjustPValues, gradeCorrelation, type Matrix } from "@measure-plantain/paired-stats";
import { type Confound, listConfounds, type PromptSetAudit } from "@measure-plantain/prompts";
import type { Analysis } from "../statistics/analyze-captures.ts";
import type { GranularityResult } from "../statistics/granularity-result.ts";
import { ALPHA } from "../statistics/alpha.ts";
import { valueAt } from "../reading.ts";

/** What may explain the responses besides the contrast: what the audit counts, and how far the texts move the embedding. */
export type ReportedConfound = Confound | "embeddingDistance";

/** Which confounds the pairs' responses follow. */
export interface ConfoundsSummary {
  /** How strongly each pair responds, in the order of the set. */
  readonly responses: readonly number[];
  /** The confounds that vary between the pairs. */
  readonly correlations: readonly ConfoundRow[];
  /** Confounds that are the same in every pair, so that nothing can follow them. */
  readonly constant: readonly ReportedConfound[];
  /** The error rate that `familyWiseP` is compared with. */
  readonly alpha: number;
}

/** How closely the responses follow one confound over the pairs. */
export interface ConfoundRow {
  /** As the audit names it, or the distance of the embeddings. */
  readonly confound: ReportedConfound;
  /** Of the values. */
  readonly pearson: number;
  /** Of the ranks. */
  readonly spearman: number;
  /** Two-sided, of the rank correlation. */
  readonly p: number;
  /** The same, by Holm over the confounds. */
  readonly familyWiseP: number;
}

/** What a confound is called in a table. */
export const confoundNames: Readonly<Record<ReportedConfound, string>> = {
  tokenDifference: "tokens, b − a",
  characterDifference: "characters, b − a",
  wordClassDifference: "rarity of the words, b − a",
  editDistance: "edit distance",
  sharedPrefixWords: "words that both sides begin with",
  sharedPrefixTokens: "tokens that both sides begin with",
  embeddingDistance: "distance of the prompts' embeddings",
};

/** A correlation over fewer pairs says nothing. */
const LEAST_PAIRS = 4;

/**
 * Correlates each confound of the audit with the pairs' responses; `null` where too few pairs or no group vary.
 *
 * @throws PairedStatsError if the audit is one of other pairs.
 */
export function summarizeConfounds(analysis: Analysis, audit: PromptSetAudit): ConfoundsSummary | null {
  const groups = analysis.granularities.find(({ name }) => name === "group");
  if (groups === undefined || groups.signFlip === null || analysis.pairs < LEAST_PAIRS) return null;
  const responses = respondByPair(groups);
  if (responses.every((response) => response === responses[0])) return null;
  const { varying, constant } = listReportedConfounds(analysis, audit);
  const matrix: Matrix = { data: responses, shape: [responses.length, 1] };
  const rows = varying.map(({ confound, values }) => {
    const { r, p } = gradeCorrelation(matrix, values, { method: "spearman" });
    const { r: pearson } = gradeCorrelation(matrix, values, { method: "pearson" });
    return { confound, pearson: valueAt(pearson, 0), spearman: valueAt(r, 0), p: valueAt(p, 0) };
  });
  const familyWise = adjustPValues(
    Float64Array.from(rows, ({ p }) => p),
    "holm",
  );
  return {
    responses: Array.from(responses),
    correlations: rows.map((row, place) => ({ ...row, familyWiseP: valueAt(familyWise, place) })),
    constant,
    alpha: ALPHA,
  };
}

/** The confounds of the audit, and the distance of the embeddings if the run stored it. */
function listReportedConfounds(
  { embeddingDistances }: Analysis,
  audit: PromptSetAudit,
): {
  readonly varying: readonly { readonly confound: ReportedConfound; readonly values: ArrayLike<number> }[];
  readonly constant: readonly ReportedConfound[];
} {
  const audited = listConfounds(audit);
  if (embeddingDistances === null) return audited;
  const confound = "embeddingDistance";
  return embeddingDistances.some((distance) => distance !== embeddingDistances[0])
    ? { ...audited, varying: [...audited.varying, { confound, values: embeddingDistances }] }
    : { ...audited, constant: [...audited.constant, confound] };
}

/**
 * The response of each pair [pairs]: the mean over the groups of the pair's difference, in standard deviations of the
 * group, counted positive where it goes the way that the other pairs go on average.
 *
 * So a pair that shows the common contrast has a high response; a pair has no part in the direction it is held against.
 * Groups that do not vary are left out.
 */
export function respondByPair({
  differences: { data, shape },
  pairedT: { mean, standardDeviation, degenerateUnits },
}: Pick<GranularityResult, "differences" | "pairedT">): Float64Array {
  const [pairs, units] = shape;
  const isDegenerate = new Set(degenerateUnits);
  return Float64Array.from({ length: pairs }, (_, pair) => {
    let sum = 0;
    for (let unit = 0; unit < units; unit++) {
      if (isDegenerate.has(unit)) continue;
      const difference = valueAt(data, pair * units + unit);
      const others = pairs * valueAt(mean, unit) - difference;
      sum += (Math.sign(others) * difference) / valueAt(standardDeviation, unit);
    }
    return sum / (units - isDegenerate.size);
  });
}

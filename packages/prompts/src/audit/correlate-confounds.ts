import { PromptsError } from "../prompts-error.ts";
import type { PairAudit, PromptSetAudit } from "./audit-prompt-set.ts";
import { correlate, type Correlation } from "./correlation.ts";

/** What the audit counts in a pair; differences are b − a. */
export type Confound =
  | "tokenDifference"
  | "characterDifference"
  | "wordClassDifference"
  | "editDistance"
  | "sharedPrefixWords"
  | "sharedPrefixTokens";

/** How closely the responses follow one confound over the pairs. */
export interface ConfoundCorrelation extends Correlation {
  /** What may explain the responses. */
  readonly confound: Confound;
}

/** Which confounds the responses follow. */
export interface ConfoundReport {
  /** The number of pairs. */
  readonly pairs: number;
  /** One for each confound that varies between pairs. */
  readonly correlations: readonly ConfoundCorrelation[];
  /** Confounds that are the same in every pair: no difference between pairs can come from them. */
  readonly constant: readonly Confound[];
}

/**
 * Correlates each confound of an audit with what the model answered, pair by pair.
 *
 * A response is one number for each pair, b − a: that of one unit, or a mean over units. With 25 pairs, chance alone
 * reaches |r| = 0.40 in one of twenty confounds (two-sided 5 %). Word classes and shared tokens take part where the
 * audit has them.
 *
 * @param responses - [pairs], finite, in the order of the set.
 * @throws {PromptsError} `invalid-responses` for another length, a value that is not finite, or responses that are all
 * equal.
 * @example
 * const { correlations } = correlateConfounds(audit, Float64Array.of(0.3, -0.1, 0.2));
 * correlations.filter(({ spearman }) => Math.abs(spearman) > 0.4);
 */
export function correlateConfounds(audit: PromptSetAudit, responses: ArrayLike<number>): ConfoundReport {
  checkResponses(audit, responses);
  const correlations: ConfoundCorrelation[] = [];
  const constant: Confound[] = [];
  for (const [confound, values] of listConfounds(audit.pairs)) {
    const correlation = correlate(values, responses);
    if (correlation === undefined) constant.push(confound);
    else correlations.push({ confound, ...correlation });
  }
  return { pairs: audit.pairs.length, correlations, constant };
}

function listConfounds(pairs: readonly PairAudit[]): [Confound, number[]][] {
  const confounds: [Confound, (number | undefined)[]][] = [
    ["tokenDifference", pairs.map(({ tokens }) => tokens.difference)],
    ["characterDifference", pairs.map(({ characters }) => characters.difference)],
    ["wordClassDifference", pairs.map(({ wordClass }) => wordClass?.difference)],
    ["editDistance", pairs.map(({ editDistance }) => editDistance)],
    ["sharedPrefixWords", pairs.map(({ sharedWords }) => sharedWords.prefix)],
    ["sharedPrefixTokens", pairs.map(({ sharedTokens }) => sharedTokens?.prefix)],
  ];
  return confounds.flatMap(([confound, values]): [Confound, number[]][] => {
    const counted = values.filter((value) => value !== undefined);
    return counted.length === pairs.length ? [[confound, counted]] : [];
  });
}

function checkResponses(audit: PromptSetAudit, responses: ArrayLike<number>): void {
  const list = Array.from(responses);
  const wrong = list.findIndex((value) => !Number.isFinite(value));
  const expected = `one finite number for each of the ${audit.pairs.length} pairs`;
  if (list.length !== audit.pairs.length) {
    throw responsesError(
      audit.name,
      expected,
      `${list.length} numbers`,
      "Reduce the responses to one a pair.",
    );
  }
  if (wrong >= 0) {
    const received = `${String(list[wrong])} for pair ${JSON.stringify(audit.pairs[wrong]?.id)}`;
    throw responsesError(audit.name, expected, received, "Look for the unit that gave it.");
  }
  if (list.every((value) => value === list[0])) {
    const received = `${String(list[0])} for every pair`;
    throw responsesError(
      audit.name,
      "responses that vary",
      received,
      "Nothing can follow what does not vary.",
    );
  }
}

function responsesError(source: string, expected: string, received: string, advice: string): PromptsError {
  const what = "the responses cannot be correlated";
  return new PromptsError([{ code: "invalid-responses", path: "", what, expected, received, advice }], {
    source,
  });
}

import type { PairAudit, PromptSetAudit } from "./audit-prompt-set.ts";

/** What the audit counts in a pair; differences are b − a. */
export type Confound =
  | "tokenDifference"
  | "characterDifference"
  | "wordClassDifference"
  | "editDistance"
  | "sharedPrefixWords"
  | "sharedPrefixTokens";

/** One confound over the pairs of a set. */
export interface ConfoundValues {
  /** What may explain the responses. */
  readonly confound: Confound;
  /** [pairs], in the order of the set. */
  readonly values: Float64Array;
}

/** The confounds that an audit has counted. */
export interface AuditedConfounds {
  /** Those that vary between pairs: a model's responses may follow them. */
  readonly varying: readonly ConfoundValues[];
  /** Those that are the same in every pair: no difference between pairs can come from them. */
  readonly constant: readonly Confound[];
}

/** Where the audit of a pair has each confound. */
const readers: Readonly<Record<Confound, (pair: PairAudit) => number | undefined>> = {
  tokenDifference: ({ tokens }) => tokens.difference,
  characterDifference: ({ characters }) => characters.difference,
  wordClassDifference: ({ wordClass }) => wordClass?.difference,
  editDistance: ({ editDistance }) => editDistance,
  sharedPrefixWords: ({ sharedWords }) => sharedWords.prefix,
  sharedPrefixTokens: ({ sharedTokens }) => sharedTokens?.prefix,
};

/**
 * Every confound that an audit has counted, pair by pair, to correlate with what a model responded.
 *
 * Word classes and shared tokens take part if the audit has them.
 *
 * @example
 * const { varying } = listConfounds(audit);
 * varying.map(({ confound }) => confound); // ["characterDifference", "editDistance", …]
 */
export function listConfounds({ pairs }: Pick<PromptSetAudit, "pairs">): AuditedConfounds {
  const counted = Object.entries(readers).flatMap(([name, read]): ConfoundValues[] => {
    const values = pairs.map(read).filter((value) => value !== undefined);
    const confound = name as Confound; // a key of the record above
    return values.length === pairs.length ? [{ confound, values: Float64Array.from(values) }] : [];
  });
  const varies = ({ values }: ConfoundValues): boolean => values.some((value) => value !== values[0]);
  return {
    varying: counted.filter(varies),
    constant: counted.filter((values) => !varies(values)).map(({ confound }) => confound),
  };
}

import { PromptsError } from "../prompts-error.ts";

/** The token sequence in which a model reads a prompt. */
export interface PromptSequence {
  /** Tokens that the model reads; of a longer prompt, the end is cut off. */
  readonly length: number;
  /** Token ids of a whole prompt as the model is given it, in its chat template. */
  readonly encode: (prompt: string) => ArrayLike<number>;
}

/** What of a pair does not fit the sequence. */
export interface PairCut {
  /** Tokens that side a needs, chat template included. */
  readonly a: number;
  /** Tokens that side b needs. */
  readonly b: number;
  /** Whether the model reads the same tokens on both sides although their texts differ: the pair has no contrast. */
  readonly alike: boolean;
}

/** What of a set does not fit the sequence. */
export interface SetCut {
  /** Tokens that the model reads of a prompt. */
  readonly length: number;
  /** Prompts whose end is cut off, of two for each pair. */
  readonly prompts: number;
  /** Tokens that the longest prompt needs. */
  readonly longest: number;
  /** Ids of the pairs that have no contrast left. */
  readonly alike: readonly string[];
}

/**
 * Measures what a sequence leaves of the two sides of a pair.
 *
 * @throws {PromptsError} `invalid-argument` for a length that is not a whole number from 1.
 */
export function measureCut([a, b]: readonly [string, string], { length, encode }: PromptSequence): PairCut {
  if (!Number.isSafeInteger(length) || length < 1)
    throw new PromptsError(
      [
        {
          code: "invalid-argument",
          path: "sequence.length",
          what: "the length of the token sequence is out of range",
          expected: "a whole number from 1",
          received: String(length),
          advice: "Give the number of tokens that the model reads of a prompt.",
        },
      ],
      { source: "auditPromptSet" },
    );
  const [left, right] = [Array.from(encode(a)), Array.from(encode(b))];
  const kept = [left, right].map((ids) => ids.slice(0, length).join());
  return { a: left.length, b: right.length, alike: a !== b && kept[0] === kept[1] };
}

/** Sums up the cuts of a set's pairs. */
export function sumCuts(
  pairs: readonly { readonly id: string; readonly cut: PairCut }[],
  { length }: Pick<PromptSequence, "length">,
): SetCut {
  const needed = pairs.flatMap(({ cut: { a, b } }) => [a, b]);
  return {
    length,
    prompts: needed.filter((tokens) => tokens > length).length,
    longest: Math.max(...needed),
    alike: pairs.filter(({ cut }) => cut.alike).map(({ id }) => id),
  };
}

/** What to change in a pair whose sides do not fit, one sentence each. */
export function describePairCut(
  { a, b, alike }: PairCut,
  { length }: Pick<PromptSequence, "length">,
): string[] {
  const sides = [
    ["a", a],
    ["b", b],
  ] as const;
  const lost = sides.flatMap(([side, needed]) =>
    needed > length
      ? [
          `Side ${side} needs ${needed} tokens with its chat template and is cut after ${length}: shorten it, or read more tokens.`,
        ]
      : [],
  );
  return alike
    ? [...lost, "The model reads the same tokens on both sides: nothing of the contrast is left."]
    : lost;
}

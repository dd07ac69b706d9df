import { PromptsError } from "../prompts-error.ts";

/** A word and how often it occurs in some corpus. */
export interface WordCount {
  /** Letters, and apostrophes between them, in any case. */
  readonly word: string;
  /** How often it occurs, above 0; the counts of a word that is listed twice are added. */
  readonly count: number;
}

const WORD = /\p{L}+(?:['’]\p{L}+)*/gu;

/**
 * Turns a list of word counts into frequency classes: class n is 2^n times rarer than the most frequent word.
 *
 * N = ⌊0.5 − log2(count / largest count)⌋ (Häufigkeitsklasse). Case is ignored. A word that is not in the list gets the
 * class behind the rarest of the list.
 *
 * @throws {PromptsError} `invalid-word-list` for an empty list or a count that is not above 0.
 * @example
 * const wordClass = createWordClasses([{ word: "the", count: 1000 }, { word: "grey", count: 2 }]);
 * [wordClass("The"), wordClass("grey"), wordClass("micrometer")]; // [0, 9, 10]
 */
export function createWordClasses(list: Iterable<WordCount>): (word: string) => number {
  const counts = new Map<string, number>();
  for (const { word, count } of list) {
    if (!(count > 0 && count < Infinity))
      throw invalidListError(`the count ${count} of ${JSON.stringify(word)}`);
    const key = word.toLowerCase();
    counts.set(key, (counts.get(key) ?? 0) + count);
  }
  if (counts.size === 0) throw invalidListError("an empty list");
  let largest = 0;
  let smallest = Infinity;
  for (const count of counts.values()) {
    largest = Math.max(largest, count);
    smallest = Math.min(smallest, count);
  }
  const classOf = (count: number): number => Math.floor(0.5 - Math.log2(count / largest));
  const unlisted = classOf(smallest) + 1;
  return (word) => {
    const count = counts.get(word.toLowerCase());
    return count === undefined ? unlisted : classOf(count);
  };
}

/** The mean class of the words of a text (runs of letters, in lower case); 0 where it has none. */
export function meanWordClass(text: string, wordClass: (word: string) => number): number {
  const words = text.toLowerCase().match(WORD) ?? [];
  const sum = words.reduce((total, word) => total + wordClass(word), 0);
  return words.length === 0 ? 0 : sum / words.length;
}

function invalidListError(received: string): PromptsError {
  return new PromptsError(
    [
      {
        code: "invalid-word-list",
        path: "",
        what: "the word list gives no frequency classes",
        expected: "at least one word, each with a count above 0",
        received,
        advice: "Leave out words that do not occur; an unlisted word counts as rarer than any listed one.",
      },
    ],
    { source: "createWordClasses" },
  );
}

import { editDistance } from "../edit-distance.ts";
import { promptImages, promptText, type PromptPair, type PromptSet } from "../prompt-set.ts";
import { PromptsError, type PromptsProblem } from "../prompts-error.ts";
import { measureDirection, type Direction } from "./direction.ts";
import { findSharedEnds, type SharedEnds } from "./shared-ends.ts";
import { findSharedWords, listWords, type SharedWords } from "./shared-words.ts";
import {
  describePairCut,
  measureCut,
  sumCuts,
  type PairCut,
  type PromptSequence,
  type SetCut,
} from "./sequence-cut.ts";
import { meanWordClass } from "./word-class.ts";

/** A count for each side of a pair. */
export interface SideCounts {
  /** Of side a. */
  readonly a: number;
  /** Of side b. */
  readonly b: number;
  /** b − a, like the contrast itself. */
  readonly difference: number;
}

/** What differs between the two sides of a pair besides what the author meant to vary. */
export interface PairAudit {
  /** The pair's id. */
  readonly id: string;
  /** Under the tokenizer that the audit was given. */
  readonly tokens: SideCounts;
  /** Code points. */
  readonly characters: SideCounts;
  /** The words that both sides begin and end with, and what lies between. */
  readonly sharedWords: SharedWords;
  /** Tokens that both sides begin and end with; there where the audit was given `encode`. */
  readonly sharedTokens?: SharedEnds;
  /** Mean frequency class of the words of each side; there where the audit was given `wordClass`. */
  readonly wordClass?: SideCounts;
  /** What the model's token sequence leaves of the sides; there where the audit was given `sequence`. */
  readonly cut?: PairCut;
  /** Characters to insert, delete or replace. */
  readonly editDistance: number;
  /** `identical` sides are right for an A/A control and for nothing else. */
  readonly verdict: "matched" | "identical" | "change";
  /** What to change, one sentence each; empty unless the verdict is `change`. */
  readonly changes: readonly string[];
}

/** The audit of a set before any model has run. */
export interface PromptSetAudit {
  /** The set's name. */
  readonly name: string;
  /** One for each pair, in the set's order. */
  readonly pairs: readonly PairAudit[];
  /** How many pairs came to each verdict. */
  readonly verdicts: Readonly<Record<PairAudit["verdict"], number>>;
  /** Which side is the longer, over the set; for word classes, which has the rarer words. */
  readonly direction: {
    readonly tokens: Direction;
    readonly characters: Direction;
    readonly wordClass?: Direction;
  };
  /** What does not fit the model's token sequence; there where the audit was given `sequence`. */
  readonly cut?: SetCut;
  /** What to change in the set as a whole, one sentence each. */
  readonly changes: readonly string[];
}

/** What the audit asks about a text. */
export interface AuditOptions {
  /** Counts the tokens of a text under the tokenizer of the model to be probed. */
  readonly countTokens: (text: string) => number;
  /** Token ids of a text under the same tokenizer: adds the tokens that both sides share. */
  readonly encode?: (text: string) => ArrayLike<number>;
  /** How rare a word (in lower case) is, the more the higher, as {@link createWordClasses} gives it. */
  readonly wordClass?: (word: string) => number;
  /** The token sequence in which the model reads a prompt: adds what is cut off. */
  readonly sequence?: PromptSequence;
}

/** Below this share of common words, a pair is two sentences and not one sentence with a difference. */
const MIN_SHARED_SHARE = 0.5;

/**
 * Counts, pair by pair and over the set, what a model could answer to other than the intended contrast.
 *
 * @throws {PromptsError} `invalid-token-count` where `countTokens` returns anything but a whole number from 0, and
 * `invalid-word-class` where `wordClass` returns no finite number.
 * @example
 * const audit = auditPromptSet(set, { countTokens: (text) => tokenizer.encode(text).length });
 * audit.pairs.filter(({ verdict }) => verdict === "change").flatMap(({ changes }) => changes);
 */
export function auditPromptSet(set: PromptSet, options: AuditOptions): PromptSetAudit {
  const checked = checkOptions(options, set.name);
  const pairs = set.pairs.map((pair) => auditPair(pair, checked));
  const tokens = measureDirection(pairs.map(({ tokens }) => tokens.difference));
  const characters = measureDirection(pairs.map(({ characters }) => characters.difference));
  const classes = pairs.flatMap(({ wordClass }) => wordClass?.difference ?? []);
  const wordClass = classes.length === 0 ? {} : { wordClass: measureDirection(classes) };
  const { sequence } = options;
  const cuts = pairs.flatMap(({ id, cut }) => (cut === undefined ? [] : [{ id, cut }]));
  return {
    name: set.name,
    pairs,
    verdicts: {
      matched: pairs.filter(({ verdict }) => verdict === "matched").length,
      identical: pairs.filter(({ verdict }) => verdict === "identical").length,
      change: pairs.filter(({ verdict }) => verdict === "change").length,
    },
    direction: { tokens, characters, ...wordClass },
    ...(sequence && { cut: sumCuts(cuts, sequence) }),
    changes: [
      ...describeImbalance(tokens, { what: "more tokens", cue: "length" }, set.labels),
      ...describeImbalance(characters, { what: "more characters", cue: "length" }, set.labels),
      ...Object.values(wordClass).flatMap((direction) =>
        describeImbalance(direction, { what: "rarer words", cue: "rarity" }, set.labels),
      ),
    ],
  };
}

function auditPair(pair: PromptPair, { countTokens, encode, wordClass, sequence }: AuditOptions): PairAudit {
  const a = promptText(pair.a);
  const b = promptText(pair.b);
  const tokens = counts(countTokens(a), countTokens(b));
  const characters = counts(Array.from(a).length, Array.from(b).length);
  const sharedWords = findSharedWords(a, b);
  const sameImages = JSON.stringify(promptImages(pair.a)) === JSON.stringify(promptImages(pair.b));
  const read = sequence && measureCut([a, b], sequence);
  // Sides that have other images still differ when their texts do not.
  const cut = read && { ...read, alike: read.alike && sameImages };
  const isIdentical = a === b && sameImages;
  const changes = [
    ...describeTokenDifference(tokens, sharedWords),
    ...describeLooseMatch(a, b, sharedWords),
    ...(cut && !isIdentical ? describePairCut(cut, sequence) : []),
  ];
  const verdict = isIdentical ? "identical" : changes.length > 0 ? "change" : "matched";
  return {
    id: pair.id,
    tokens,
    characters,
    sharedWords,
    ...(encode && { sharedTokens: findSharedEnds(encode(a), encode(b)) }),
    ...(wordClass && { wordClass: counts(meanWordClass(a, wordClass), meanWordClass(b, wordClass)) }),
    ...(cut && { cut }),
    editDistance: editDistance(a, b),
    verdict,
    changes,
  };
}

function describeTokenDifference({ a, b, difference }: SideCounts, shared: SharedWords): string[] {
  if (difference === 0) return [];
  const [longer, shorter] = difference > 0 ? ["b", "a"] : ["a", "b"];
  const excess = Math.abs(difference) === 1 ? "1 more token" : `${Math.abs(difference)} more tokens`;
  const spans = `${JSON.stringify(shared.a)} or ${JSON.stringify(shared.b)}`;
  return [
    `Side ${longer} has ${excess} than side ${shorter} (${Math.max(a, b)} against ${Math.min(a, b)}): ` +
      `reword ${spans} until they match.`,
  ];
}

function describeLooseMatch(a: string, b: string, { prefix, suffix }: SharedWords): string[] {
  const words = Math.max(listWords(a).length, listWords(b).length);
  if (prefix + suffix >= MIN_SHARED_SHARE * words) return [];
  return [
    `The sides share ${prefix + suffix} of ${words} words at their ends: put what differs into one frame that both share.`,
  ];
}

function describeImbalance(
  { aLonger, bLonger, meanDifference, isOneSided }: Direction,
  { what, cue }: { readonly what: string; readonly cue: string },
  labels: PromptSet["labels"],
): string[] {
  if (!isOneSided) return [];
  const [label, longer] = bLonger > aLonger ? [labels.b, bLonger] : [labels.a, aLonger];
  return [
    `${label} has ${what} in ${longer} of the ${aLonger + bLonger} pairs that differ (b − a: ` +
      `${meanDifference.toFixed(1)} on average): ${cue} alone could tell the conditions apart, so reword until neither side leads.`,
  ];
}

function counts(a: number, b: number): SideCounts {
  return { a, b, difference: b - a };
}

/** The same functions, which throw where they would return something that cannot be counted with. */
function checkOptions(
  { countTokens, encode, wordClass, sequence }: AuditOptions,
  source: string,
): AuditOptions {
  return {
    countTokens: (text) => {
      const tokens = countTokens(text);
      if (Number.isSafeInteger(tokens) && tokens >= 0) return tokens;
      const problem: PromptsProblem = {
        code: "invalid-token-count",
        path: "",
        what: `countTokens failed for ${JSON.stringify(text)}`,
        expected: "a whole number, 0 or more",
        received: String(tokens),
        advice: "Return the number of tokens, such as tokenizer.encode(text).length.",
      };
      throw new PromptsError([problem], { source });
    },
    ...(encode && { encode }),
    ...(sequence && { sequence }),
    ...(wordClass && {
      wordClass: (word) => {
        const value = wordClass(word);
        if (Number.isFinite(value)) return value;
        const problem: PromptsProblem = {
          code: "invalid-word-class",
          path: "",
          what: `wordClass failed for ${JSON.stringify(word)}`,
          expected: "a finite number",
          received: String(value),
          advice: "Return a class for every word, as createWordClasses does.",
        };
        throw new PromptsError([problem], { source });
      },
    }),
  };
}

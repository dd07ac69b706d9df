import { editDistance } from "../edit-distance.ts";
import { promptImages, promptText, type PromptPair, type PromptSet } from "../prompt-set.ts";
import { PromptsError } from "../prompts-error.ts";
import { measureDirection, type Direction } from "./direction.ts";
import { findSharedWords, listWords, type SharedWords } from "./shared-words.ts";

/** A count for each side of a pair. */
export interface SideCounts {
  readonly a: number;
  readonly b: number;
  /** b − a, like the contrast itself. */
  readonly difference: number;
}

/** What differs between the two sides of a pair besides what the author meant to vary. */
export interface PairAudit {
  readonly id: string;
  readonly tokens: SideCounts;
  /** Code points. */
  readonly characters: SideCounts;
  readonly sharedWords: SharedWords;
  /** Characters to insert, delete or replace. */
  readonly editDistance: number;
  /** `identical` sides are right for an A/A control and for nothing else. */
  readonly verdict: "matched" | "identical" | "change";
  /** What to change, one sentence each; empty unless the verdict is `change`. */
  readonly changes: readonly string[];
}

/** The audit of a set before any model has run. */
export interface PromptSetAudit {
  readonly name: string;
  readonly pairs: readonly PairAudit[];
  readonly verdicts: Readonly<Record<PairAudit["verdict"], number>>;
  /** Which side is the longer, over the set. */
  readonly direction: { readonly tokens: Direction; readonly characters: Direction };
  /** What to change in the set as a whole, one sentence each. */
  readonly changes: readonly string[];
}

/** Below this share of common words, a pair is two sentences and not one sentence with a difference. */
const MIN_SHARED_SHARE = 0.5;

/**
 * Counts, pair by pair and over the set, what a model could answer to other than the intended contrast.
 *
 * @param options - `countTokens` counts the tokens of a text under the tokenizer of the model to be probed.
 * @throws {PromptsError} `invalid-token-count` where `countTokens` returns anything but a whole number from 0.
 * @example
 * const audit = auditPromptSet(set, { countTokens: (text) => tokenizer.encode(text).length });
 * audit.pairs.filter(({ verdict }) => verdict === "change").flatMap(({ changes }) => changes);
 */
export function auditPromptSet(
  set: PromptSet,
  { countTokens }: { readonly countTokens: (text: string) => number },
): PromptSetAudit {
  const count = (text: string): number => checkedCount(text, countTokens(text), set.name);
  const pairs = set.pairs.map((pair) => auditPair(pair, count));
  const tokens = measureDirection(pairs.map(({ tokens }) => tokens.difference));
  const characters = measureDirection(pairs.map(({ characters }) => characters.difference));
  return {
    name: set.name,
    pairs,
    verdicts: {
      matched: pairs.filter(({ verdict }) => verdict === "matched").length,
      identical: pairs.filter(({ verdict }) => verdict === "identical").length,
      change: pairs.filter(({ verdict }) => verdict === "change").length,
    },
    direction: { tokens, characters },
    changes: [
      ...describeImbalance(tokens, "tokens", set.labels),
      ...describeImbalance(characters, "characters", set.labels),
    ],
  };
}

function auditPair(pair: PromptPair, count: (text: string) => number): PairAudit {
  const a = promptText(pair.a);
  const b = promptText(pair.b);
  const tokens = counts(count(a), count(b));
  const characters = counts(Array.from(a).length, Array.from(b).length);
  const sharedWords = findSharedWords(a, b);
  const sameImages = JSON.stringify(promptImages(pair.a)) === JSON.stringify(promptImages(pair.b));
  const changes = [...describeTokenDifference(tokens, sharedWords), ...describeLooseMatch(a, b, sharedWords)];
  const verdict = a === b && sameImages ? "identical" : changes.length > 0 ? "change" : "matched";
  return { id: pair.id, tokens, characters, sharedWords, editDistance: editDistance(a, b), verdict, changes };
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
  what: string,
  labels: PromptSet["labels"],
): string[] {
  if (!isOneSided) return [];
  const [label, longer] = bLonger > aLonger ? [labels.b, bLonger] : [labels.a, aLonger];
  return [
    `${label} has more ${what} in ${longer} of the ${aLonger + bLonger} pairs that differ (b − a: ` +
      `${meanDifference.toFixed(1)} on average): length alone could tell the conditions apart, so reword until neither side leads.`,
  ];
}

function counts(a: number, b: number): SideCounts {
  return { a, b, difference: b - a };
}

function checkedCount(text: string, tokens: number, source: string): number {
  if (Number.isSafeInteger(tokens) && tokens >= 0) return tokens;
  throw new PromptsError(
    [
      {
        code: "invalid-token-count",
        path: "",
        what: `countTokens failed for ${JSON.stringify(text)}`,
        expected: "a whole number, 0 or more",
        received: String(tokens),
        advice: "Return the number of tokens, such as tokenizer.encode(text).length.",
      },
    ],
    { source },
  );
}

import { findSharedEnds, type SharedEnds } from "./shared-ends.ts";

/** What two texts have in common at their ends, in words (runs without white space), and what lies between. */
export interface SharedWords extends SharedEnds {
  /** The rest of each text, joined by single spaces; empty where nothing is left. */
  readonly a: string;
  /** As `a`, of the second text. */
  readonly b: string;
}

/**
 * Trims the shared beginning and the shared end off two texts.
 *
 * @example
 * findSharedWords("a 5 km object", "a 5 mm object"); // { prefix: 2, suffix: 1, a: "km", b: "mm" }
 */
export function findSharedWords(a: string, b: string): SharedWords {
  const from = listWords(a);
  const to = listWords(b);
  const { prefix, suffix } = findSharedEnds(from, to);
  return {
    prefix,
    suffix,
    a: from.slice(prefix, from.length - suffix).join(" "),
    b: to.slice(prefix, to.length - suffix).join(" "),
  };
}

/** The words of a text: runs without white space. */
export function listWords(text: string): string[] {
  return text.split(/\s+/).filter((word) => word !== "");
}

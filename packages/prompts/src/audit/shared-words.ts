/** What two texts have in common at their ends, in words (runs without white space), and what lies between. */
export interface SharedWords {
  /** Words that both texts begin with. */
  readonly prefix: number;
  /** Words that both texts end with, the prefix not counted again. */
  readonly suffix: number;
  /** The rest of each text, joined by single spaces; empty where nothing is left. */
  readonly a: string;
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
  const shorter = Math.min(from.length, to.length);
  let prefix = 0;
  while (prefix < shorter && from[prefix] === to[prefix]) prefix += 1;
  let suffix = 0;
  while (suffix < shorter - prefix && from.at(-1 - suffix) === to.at(-1 - suffix)) suffix += 1;
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

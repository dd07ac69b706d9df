/**
 * What texts of a set may not contain, because a file or a terminal to which results are written would lose it, refuse
 * it or obey it: C0 and C1 controls, embeddings and overrides of direction, halves of surrogate pairs, and two
 * noncharacters.
 *
 * Sources: XML 1.0, 2.2 (Char); HTML 13.2.3.5 (a carriage return is read as a line feed); ECMA-48, 5.3 (C1); UAX #9, 2.
 */
const REFUSED =
  "\\u0000-\\u0008\\u000B-\\u001F\\u007F-\\u009F\\u202A-\\u202E\\u2066-\\u2069\\uD800-\\uDFFF\\uFFFE\\uFFFF";

/** Prompts and values of `meta`: lines of text, with tabs. */
export const LINES: RegExp = allBut(REFUSED);

/** Names, ids, labels, titles, paths and keys: no tab and no line break. */
export const ONE_LINE: RegExp = allBut(`\\t\\n${REFUSED}`);

/** Reads the same with the `u` flag and without: validators of JSON Schema differ. */
function allBut(characters: string): RegExp {
  return new RegExp(`^(?:[^${characters}]|[\\uD800-\\uDBFF][\\uDC00-\\uDFFF])*$`);
}

/** What a text has to be, for messages. */
export function describePattern(pattern: RegExp): string {
  const kind = pattern === ONE_LINE ? "one line of text" : "text, with \\n between lines";
  return `${kind}, without control characters, changes of direction or halves of characters`;
}

/** The first character of a text that a pattern of this file refuses, such as `U+001B (character 3)`. */
export function findRefusedCharacter(text: string, pattern: RegExp): string | undefined {
  const characters = Array.from(text);
  const place = characters.findIndex((character) => !pattern.test(character));
  const refused = characters[place];
  return refused === undefined ? undefined : `${nameCharacter(refused)} (character ${place + 1})`;
}

/** The text with every character that no text of a set may contain as JSON escapes it. */
export function escapeRefused(text: string): string {
  return Array.from(text, (character) => (LINES.test(character) ? character : escape(character))).join("");
}

function nameCharacter(character: string): string {
  return `U+${hexOf(character).toUpperCase()}`;
}

function escape(character: string): string {
  return `\\u${hexOf(character)}`;
}

/** All refused characters are single code units. */
function hexOf(character: string): string {
  return character.charCodeAt(0).toString(16).padStart(4, "0");
}

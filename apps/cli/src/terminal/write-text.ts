/** What a terminal obeys instead of showing it: controls, halves of characters, and changes of direction. */
const OBEYED = /(?![\n\t])[\p{Cc}\p{Cs}\u202A-\u202E\u2066-\u2069]/gu;

/**
 * A text for a terminal: line breaks and tabs stay, every other character that a terminal obeys is written as JSON
 * escapes it, so that a JSON document stays the same document. Names of files, tensors and checkpoints, and what a
 * server answers, come from other people.
 */
export function escapeControls(text: string): string {
  return text.replaceAll(
    OBEYED,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
}

/** Writes results to stdout. */
export function writeResult(text: string): void {
  process.stdout.write(escapeControls(text));
}

/** Writes progress and messages to stderr. */
export function writeMessage(text: string): void {
  process.stderr.write(escapeControls(text));
}

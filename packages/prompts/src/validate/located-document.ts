/** Lines and columns count from 1. */
export interface TextPosition {
  readonly line: number;
  readonly column: number;
}

/** What a text says, and where each of its values stands in the text. */
export interface LocatedDocument {
  readonly value: unknown;
  /** The position of the value at a path (of the key, where the path ends at a member), or of what is nearest to it. */
  readonly locate: (path: readonly PropertyKey[]) => TextPosition;
}

/** The position of a character of a text. */
export function positionAt(text: string, offset: number): TextPosition {
  const before = text.slice(0, offset).split(/\r\n|\r|\n/);
  return { line: before.length, column: (before.at(-1) ?? "").length + 1 };
}

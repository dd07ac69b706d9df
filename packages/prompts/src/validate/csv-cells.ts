import { PromptsError } from "../prompts-error.ts";
import { positionAt, type TextPosition } from "./located-document.ts";

/** One cell, unquoted, and where it begins. */
export interface CsvCell extends TextPosition {
  readonly text: string;
}

const PLAIN = /[^",\r\n]*/y;
const SEPARATOR = /,|\r\n|\r|\n|$/y;

/**
 * The rows of a CSV text, empty lines left out.
 *
 * Source: RFC 4180, with any of the three line ends. What the RFC forbids is refused instead of guessed at: a quote
 * inside of a cell that does not begin with one, text behind a closing quote, a quote that is never closed.
 *
 * @throws {PromptsError} `invalid-csv` with line and column.
 */
export function readCsvRows(text: string, { source }: { readonly source: string }): CsvCell[][] {
  const rows: CsvCell[][] = [];
  let row: CsvCell[] = [];
  let line = 1;
  let lineStart = 0;
  let offset = 0;
  while (offset < text.length || row.length > 0) {
    const end = findCellEnd(text, offset);
    if (end === undefined) throw invalidCellError("a quote is never closed", text, offset, source);
    const whole = text.slice(offset, end);
    row.push({ text: unquote(whole), line, column: offset - lineStart + 1 });
    for (const lineEnd of whole.matchAll(/\r\n|\r|\n/g)) {
      line += 1;
      lineStart = offset + lineEnd.index + lineEnd[0].length;
    }
    SEPARATOR.lastIndex = end;
    const separator = SEPARATOR.exec(text)?.[0];
    if (separator === undefined) throw invalidCellError("a cell is quoted in part", text, end, source);
    offset = end + separator.length;
    if (separator === ",") continue;
    line += 1;
    lineStart = offset;
    if (row.length > 1 || whole !== "") rows.push(row);
    row = [];
  }
  return rows;
}

/**
 * Where the cell that begins at `start` ends, its closing quote included; none where a quote is never closed.
 *
 * A loop, not a pattern: a pattern of pairs of quotes gives back one to close the cell, and counts pairs on the stack.
 */
function findCellEnd(text: string, start: number): number | undefined {
  if (text.charAt(start) !== '"') {
    PLAIN.lastIndex = start;
    return start + (PLAIN.exec(text)?.[0].length ?? 0);
  }
  let quote = text.indexOf('"', start + 1);
  while (quote !== -1 && text.charAt(quote + 1) === '"') quote = text.indexOf('"', quote + 2);
  return quote === -1 ? undefined : quote + 1;
}

function unquote(whole: string): string {
  return whole.startsWith('"') ? whole.slice(1, -1).replaceAll('""', '"') : whole;
}

function invalidCellError(what: string, text: string, offset: number, source: string): PromptsError {
  return new PromptsError(
    [
      {
        code: "invalid-csv",
        path: "",
        ...positionAt(text, offset),
        what,
        expected: "cells that are quoted as a whole, or have no quote in them",
        received: `the character ${JSON.stringify(Array.from(text.slice(offset, offset + 2))[0])} there`,
        advice: "Put the whole cell in double quotes, and write each quote inside of it twice.",
      },
    ],
    { source },
  );
}

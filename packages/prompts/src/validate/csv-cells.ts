import { PromptsError } from "../prompts-error.ts";
import { positionAt, type TextPosition } from "./located-document.ts";

/** One cell, unquoted, and where it begins. */
export interface CsvCell extends TextPosition {
  readonly text: string;
}

const CELL = /"([^"]*(?:""[^"]*)*)"|([^",\r\n]*)/y;
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
    CELL.lastIndex = offset;
    const [whole = "", quoted, plain] = CELL.exec(text) ?? [];
    row.push({ text: quoted?.replaceAll('""', '"') ?? plain ?? "", line, column: offset - lineStart + 1 });
    for (const end of whole.matchAll(/\r\n|\r|\n/g)) {
      line += 1;
      lineStart = offset + end.index + end[0].length;
    }
    offset += whole.length;
    SEPARATOR.lastIndex = offset;
    const separator = SEPARATOR.exec(text)?.[0];
    if (separator === undefined) throw invalidCellError(text, offset, source);
    offset += separator.length;
    if (separator === ",") continue;
    line += 1;
    lineStart = offset;
    if (row.length > 1 || whole !== "") rows.push(row);
    row = [];
  }
  return rows;
}

/** The reader stops at a quote that opens nothing, or at what follows a closing quote. */
function invalidCellError(text: string, offset: number, source: string): PromptsError {
  const isOpen = text.charAt(offset) === '"' && /^$|[,\r\n]/.test(text.charAt(offset - 1));
  return new PromptsError(
    [
      {
        code: "invalid-csv",
        path: "",
        ...positionAt(text, offset),
        what: isOpen ? "a quote is never closed" : "a cell is quoted in part",
        expected: "cells that are quoted as a whole, or have no quote in them",
        received: `the character ${JSON.stringify(Array.from(text.slice(offset, offset + 2))[0])} there`,
        advice: "Put the whole cell in double quotes, and write each quote inside of it twice.",
      },
    ],
    { source },
  );
}

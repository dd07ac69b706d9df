import { csvFormatRows, csvParseRows } from "d3-dsv";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { problemsOf } from "../../test/problems-of.ts";
import { readCsvRows } from "./csv-cells.ts";
import { MAX_FILE_BYTES } from "./limits.ts";

const source = "text.csv";
const textsOf = (text: string): string[][] =>
  readCsvRows(text, { source }).map((row) => row.map((cell) => cell.text));

describe("readCsvRows", () => {
  test("gives the rows that were written, quotes, commas and line ends inside of cells included", () => {
    const cell = fc.string({
      unit: fc.constantFrom("a", ",", '"', "\n", "\r", "é", "😀", " ", "#"),
      maxLength: 6,
    });
    const rows = fc.array(fc.array(cell, { minLength: 2, maxLength: 4 }), { maxLength: 5 });
    fc.assert(
      fc.property(rows, (written) => {
        expect(textsOf(csvFormatRows(written))).toEqual(written);
      }),
    );
  });

  test("reads what it accepts as d3-dsv does, empty lines left out", () => {
    const fragment = fc.constantFrom('"', '""', ",", "\n", "\r\n", "\r", "a", "b c");
    fc.assert(
      fc.property(fc.array(fragment, { maxLength: 10 }), (fragments) => {
        const text = fragments.join("");
        let rows: string[][];
        try {
          rows = textsOf(text);
        } catch {
          return;
        }
        const theirs = csvParseRows(text).filter((row) => row.length > 1 || row[0] !== "");
        expect(rows.filter((row) => row.length > 1 || row[0] !== "")).toEqual(theirs);
      }),
      { numRuns: 2_000 },
    );
  });

  test("places cells behind line ends that stand inside of cells", () => {
    const [, second] = readCsvRows('a,"b\r\nc",d\ne,f', { source });
    expect(second).toEqual([
      { text: "e", line: 3, column: 1 },
      { text: "f", line: 3, column: 3 },
    ]);
    expect(readCsvRows('a,"b\nc",d', { source })[0]?.[2]).toEqual({ text: "d", line: 2, column: 4 });
  });

  test.each([
    ['a,b\nc,"d', 2, 3, "a quote is never closed"],
    ['a,"the ""small"" one,b\nc,d', 1, 3, "a quote is never closed"],
    ['a,"b""', 1, 3, "a quote is never closed"],
    ['a,"', 1, 3, "a quote is never closed"],
    ['a,"b""c"d', 1, 9, "a cell is quoted in part"],
    ['a,b "c"', 1, 5, "a cell is quoted in part"],
    ['a,"b"c', 1, 6, "a cell is quoted in part"],
  ])("refuses %j at line %i, column %i: %s", (text, line, column, what) => {
    expect(problemsOf(() => textsOf(text))).toMatchObject([{ code: "invalid-csv", line, column, what }]);
  });

  test("reads a cell of as many quotes as a file may hold, and refuses it where it is never closed", () => {
    const quotes = MAX_FILE_BYTES / 2 - 8;
    expect(textsOf(`"${'""'.repeat(quotes)}",x`)).toEqual([['"'.repeat(quotes), "x"]]);
    expect(problemsOf(() => textsOf(`x,"${'""'.repeat(quotes)}x,x`))).toMatchObject([{ line: 1, column: 3 }]);
  });
});

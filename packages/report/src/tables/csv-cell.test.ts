import fc from "fast-check";
import { expect, test } from "vitest";
import { formatCsvCell } from "./csv-cell.ts";

test.each([
  "=HYPERLINK(1)",
  "+1",
  "-1",
  "@SUM(A1)",
  "\tx",
  "\rx",
  "\nx",
  " =1+1",
  "\t=1",
  "＝1+1",
  "－1",
  "'=1",
])("the text %j is no formula in a spreadsheet", (text) => {
  expect(formatCsvCell(text)).toBe(`'${text}`);
});

test.each(["a 5-mm object", "جسم", "🏙️", "", "'quoted'", "1 = 1", "it's"])(
  "the text %j stays as it is",
  (text) => {
    expect(formatCsvCell(text)).toBe(text);
  },
);

test("numbers have all their digits, and nothing stands for a lacking one", () => {
  expect([0.1 + 0.2, -Infinity, -3, null].map(formatCsvCell)).toEqual([
    "0.30000000000000004",
    "-Infinity",
    "-3",
    "",
  ]);
});

test("two texts never become one cell", () => {
  fc.assert(
    fc.property(
      fc.stringMatching(/^['=+a]{0,4}$/),
      fc.stringMatching(/^['=+a]{0,4}$/),
      (left, right) => left === right || formatCsvCell(left) !== formatCsvCell(right),
    ),
  );
});

import { describe, expect, test } from "vitest";
import { MAX_FILE_BYTES } from "./limits.ts";
import { splitCsvHead } from "./split-csv-head.ts";

describe("splitCsvHead", () => {
  test.each(["\n", "\r\n", "\r"])("parts the comment from the rows at %j, both at their places", (end) => {
    const text = ["# name: #x", "#a: b", "id,a,b", "#1,c,d"].join(end);
    expect(splitCsvHead(text)).toEqual({
      head: `  name: #x${end} a: b${end}`,
      rows: `${end}${end}id,a,b${end}#1,c,d`,
    });
  });

  test.each([
    ["", "", ""],
    ["id,a,b", "", "id,a,b"],
    ["# a", "  a", ""],
    ["#\n", " \n", "\n"],
    ["# a\n\n# b", "  a\n", "\n\n# b"],
    ["\n# a", "", "\n# a"],
    ["# a\u2028# b\nid", "  a\u2028# b\n", "\nid"],
  ])("makes of %j the head %j and the rows %j", (text, head, rows) => {
    expect(splitCsvHead(text)).toEqual({ head, rows });
  });

  test("takes a comment as long as a file may be", () => {
    const lines = MAX_FILE_BYTES / 2;
    expect(splitCsvHead("#\n".repeat(lines)).rows).toHaveLength(lines);
  });
});

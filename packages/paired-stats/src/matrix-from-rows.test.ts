import { expect, test } from "vitest";
import { matrixFromRows } from "./matrix-from-rows.ts";
import { PairedStatsError } from "./paired-stats-error.ts";

test("matrixFromRows(rows) has the rows one after the other, in float64", () => {
  expect(matrixFromRows([[1, 2, 3], Float32Array.of(4, 5, 6)])).toEqual({
    data: Float64Array.of(1, 2, 3, 4, 5, 6),
    shape: [2, 3],
  });
});

test.each([
  { rows: [], message: /got none/ },
  { rows: [[], []], message: /got none/ },
  { rows: [[1, 2], [1, 2], [1]], message: /2 values in every row, as in row 0, got 1 in row 2/ },
])("matrixFromRows($rows) says which row does not fit", ({ rows, message }) => {
  const attempt = (): unknown => matrixFromRows(rows);
  expect(attempt).toThrow(PairedStatsError);
  expect(attempt).toThrow(expect.objectContaining({ code: "shape-mismatch" }) as Error);
  expect(attempt).toThrow(message);
});

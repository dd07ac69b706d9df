import { describe, expect, it } from "vitest";
import { checkDifferences, checkMatrix } from "./matrix.ts";
import { PairedStatsError } from "./paired-stats-error.ts";

describe("checkMatrix", () => {
  it("accepts finite values that fill the shape", () => {
    expect(() => {
      checkMatrix({ data: new Float32Array(6), shape: [2, 3] }, "m");
    }).not.toThrow();
  });

  it.each([
    [[2, 3], 5],
    [[0, 3], 0],
    [[1.5, 2], 3],
    [[-1, -6], 6],
  ] as const)("refuses shape %j with %i values", (shape, length) => {
    expect(() => {
      checkMatrix({ data: new Float64Array(length), shape }, "m");
    }).toThrow(expect.objectContaining({ code: "shape-mismatch" }));
  });

  it.each([NaN, Infinity, -Infinity])("names the first place of %d", (value) => {
    const data = Float64Array.of(0, 0, 0, 0, value, NaN);
    expect(() => {
      checkMatrix({ data, shape: [2, 3] }, "differences");
    }).toThrow(
      expect.objectContaining({
        code: "non-finite",
        details: { row: 1, column: 1, value: String(value) },
        message: expect.stringContaining("row 1, column 1") as string,
      }),
    );
  });
});

describe("checkDifferences", () => {
  it("refuses a single pair", () => {
    const single = { data: new Float64Array(3), shape: [1, 3] } as const;
    expect(() => {
      checkDifferences(single);
    }).toThrow(PairedStatsError);
    expect(() => {
      checkDifferences(single);
    }).toThrow(expect.objectContaining({ code: "too-few-pairs", details: { pairs: 1 } }));
  });
});

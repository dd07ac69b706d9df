import { describe, expect, it } from "vitest";
import { pairedDifference } from "./paired-difference.ts";

describe("pairedDifference", () => {
  it("is b − a in float64, whatever the inputs are", () => {
    const a = { data: Float32Array.of(1, 2, 3, 4), shape: [2, 2] } as const;
    const b = { data: Float64Array.of(1.1, 2, 2, 8), shape: [2, 2] } as const;
    const { data, shape } = pairedDifference(a, b);
    expect(data).toEqual(Float64Array.of(1.1 - 1, 0, -1, 4));
    expect(shape).toEqual([2, 2]);
  });

  it("leaves its inputs alone", () => {
    const a = { data: Float64Array.of(1, 2), shape: [2, 1] } as const;
    const b = { data: Float64Array.of(3, 5), shape: [2, 1] } as const;
    pairedDifference(a, b);
    expect(a.data).toEqual(Float64Array.of(1, 2));
    expect(b.data).toEqual(Float64Array.of(3, 5));
  });

  it("refuses different shapes, even of the same size", () => {
    expect(() =>
      pairedDifference(
        { data: new Float64Array(6), shape: [2, 3] },
        { data: new Float64Array(6), shape: [3, 2] },
      ),
    ).toThrow(expect.objectContaining({ code: "shape-mismatch" }));
  });

  it("refuses a difference beyond float64", () => {
    const huge = Number.MAX_VALUE;
    expect(() =>
      pairedDifference(
        { data: Float64Array.of(-huge, 0), shape: [2, 1] },
        { data: Float64Array.of(huge, 0), shape: [2, 1] },
      ),
    ).toThrow(expect.objectContaining({ code: "non-finite" }));
  });
});

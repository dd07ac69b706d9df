import { describe, expect, it } from "vitest";
import { smallLayout as layout } from "../../test/small-layout.ts";
import { headMeanSquares, headReductions } from "./head-mean-squares.ts";

describe("headMeanSquares", () => {
  it("averages the units of each head and keeps the leading axes", () => {
    const data = Float32Array.of(9, 9, 1, 3, 5, 7, 8, 8, 2, 2, 4, 0);
    expect(headMeanSquares({ data, shape: [2, 1, 6] }, layout)).toEqual({
      data: Float64Array.of(2, 6, 2, 2),
      shape: [2, 1, 2],
    });
  });

  it.each([
    ["mean", [2, 6]],
    ["rms", [Math.sqrt(5), Math.sqrt(37)]],
    ["absMax", [3, 7]],
  ] as const)("combines units that hold the %s through headReductions", (reduction, expected) => {
    const data = Float32Array.of(9, 9, 1, 3, 5, 7);
    const own = { ...layout, reduction };
    expect([...headReductions({ data, shape: [1, 6] }, own).data]).toEqual(expected);
    expect(() => headMeanSquares({ data, shape: [1, 6] }, own)).toThrow(/not mean squares/);
  });

  it("refuses another number of units, and a layout without heads", () => {
    const data = new Float32Array(6);
    expect(() => headMeanSquares({ data, shape: [2, 3] }, layout)).toThrow(/expected \[..., 6 units\]/);
    expect(() => headMeanSquares({ data, shape: [2, 6] }, layout)).toThrow(/with 6 values/);
    expect(() => headMeanSquares({ data, shape: [6] }, { ...layout, headCount: 0 })).toThrow(/no heads/);
  });
});

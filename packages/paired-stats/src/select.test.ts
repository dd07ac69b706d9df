import { describe, expect, it } from "vitest";
import { selectPairs, selectUnits } from "./select.ts";

const given = { data: Float32Array.of(1, 2, 3, 4, 5, 6), shape: [2, 3] } as const;
const resolved = { ...given, resolution: Float64Array.of(0.1, 0.2, 0.3, 0.4, 0.5, 0.6) };

describe("selectPairs and selectUnits", () => {
  it("take rows or columns, in the order asked for and in the type of the data", () => {
    expect(selectPairs(given, [1])).toEqual({ data: Float32Array.of(4, 5, 6), shape: [1, 3] });
    expect(selectUnits(given, [2, 0])).toEqual({ data: Float32Array.of(3, 1, 6, 4), shape: [2, 2] });
  });

  it("take the resolution along", () => {
    expect(selectPairs(resolved, [1]).resolution).toEqual(Float64Array.of(0.4, 0.5, 0.6));
    expect(selectUnits(resolved, [2, 0]).resolution).toEqual(Float64Array.of(0.3, 0.1, 0.6, 0.4));
  });

  it("a pair that there is not is a row of NaN", () => {
    expect(selectPairs(resolved, [-1, 2, 5])).toEqual({
      data: new Float32Array(9).fill(NaN),
      shape: [3, 3],
      resolution: new Float64Array(9).fill(NaN),
    });
  });
});

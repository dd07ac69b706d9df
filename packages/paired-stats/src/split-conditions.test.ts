import { describe, expect, it } from "vitest";
import { splitConditions } from "./split-conditions.ts";

describe("splitConditions", () => {
  it("takes the first row of each pair as a, the second as b, in the type of the measurements", () => {
    const data = Float32Array.of(1, 2, 3, 10, 20, 30, 4, 5, 6, 40, 50, 60);
    expect(splitConditions({ data, shape: [2, 2, 3] })).toEqual({
      a: { data: Float32Array.of(1, 2, 3, 4, 5, 6), shape: [2, 3] },
      b: { data: Float32Array.of(10, 20, 30, 40, 50, 60), shape: [2, 3] },
    });
    expect(data[3]).toBe(10);
  });

  it.each([[[4, 3]], [[2, 3, 2]], [[1, 2, 2, 3]]])("refuses the shape %j", (shape) => {
    expect(() => splitConditions({ data: new Float32Array(12), shape })).toThrow(
      /measurements: expected a shape \[pairs, 2, units\]/,
    );
  });

  it("refuses data that do not fit the shape, and values that are not finite", () => {
    expect(() => splitConditions({ data: new Float32Array(11), shape: [2, 2, 3] })).toThrow(
      expect.objectContaining({ code: "shape-mismatch" }),
    );
    expect(() => splitConditions({ data: Float64Array.of(1, 2, NaN, 4), shape: [1, 2, 2] })).toThrow(
      expect.objectContaining({ code: "non-finite" }),
    );
  });
});

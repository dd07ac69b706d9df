import { describe, expect, it } from "vitest";
import { errorOf } from "../../test/error-of.ts";
import { unitOffsets } from "./unit-offsets.ts";

describe("unitOffsets(factors, values)", () => {
  it("replaces a unit at 0, keeps one at 1 to the bit, and mixes between", () => {
    const offsets = unitOffsets(Float32Array.of(0, 1, 0.75), [3, -4, 5, 6, 8, NaN]);
    expect([...offsets]).toEqual([3, -4, -0, -0, 2, NaN]);
  });

  it.each([[[]], [[1, 2, 3]]])("refuses the values %j of two units", (values) => {
    expect(errorOf(() => unitOffsets(new Float32Array(2), values)).code).toBe("invalid-argument");
  });
});

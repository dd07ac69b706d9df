import { describe, expect, it } from "vitest";
import { elementCount } from "./tensor.ts";

describe("elementCount(shape)", () => {
  it("is the product of the axes, 1 for a scalar, 0 with an empty axis", () => {
    expect(elementCount([2, 3, 4])).toBe(24);
    expect(elementCount([])).toBe(1);
    expect(elementCount([5, 0])).toBe(0);
  });
  it.each([[[-1]], [[1.5]], [[NaN]], [[2 ** 30, 2 ** 30]]])("refuses %j", (shape) => {
    expect(() => elementCount(shape)).toThrow(expect.objectContaining({ code: "invalid-argument" }) as Error);
  });
});

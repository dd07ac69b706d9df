import { describe, expect, it } from "vitest";
import { median, quantile } from "./quantile.ts";

describe("quantile", () => {
  it.each([
    [0, 1],
    [0.5, 2.5],
    [0.99, 3.9699999999999998],
    [1, 4],
  ])("at %d of 1, 2, 3, 4 is numpy's %d", (fraction, expected) => {
    expect(quantile(Float64Array.of(1, 2, 3, 4), fraction)).toBeCloseTo(expected, 14);
  });

  it("keeps infinity whole", () => {
    expect(quantile(Float64Array.of(1, Infinity, Infinity), 0.75)).toBe(Infinity);
  });

  it("refuses an empty list", () => {
    expect(() => median([])).toThrow(expect.objectContaining({ code: "invalid-argument" }));
  });
});

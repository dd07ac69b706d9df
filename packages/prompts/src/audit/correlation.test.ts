import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { correlate, rankValues } from "./correlation.ts";

describe("correlate", () => {
  test("equals scipy 1.17.1 on eight values with ties", () => {
    const correlation = correlate([0, 1, -1, 0, 2, 2, -3, 1], [0.3, -0.25, 1.75, 0.5, -2, 0.125, 4, -0.25]);
    expect(correlation?.pearson).toBeCloseTo(-0.9330198076988433, 14);
    expect(correlation?.spearman).toBeCloseTo(-0.8903101088052661, 14);
  });

  test("is 1 for a rising line, −1 for a falling one, and 1 in ranks for any rising curve", () => {
    const rising = correlate([1, 2, 3], [5, 7, 9]);
    const falling = correlate([1, 2, 3], [3e300, 2e300, 1e300]);
    expect(rising?.pearson).toBeCloseTo(1, 14);
    expect(rising?.spearman).toBeCloseTo(1, 14);
    expect(falling?.pearson).toBeCloseTo(-1, 14);
    expect(falling?.spearman).toBeCloseTo(-1, 14);
    expect(correlate([1, 2, 3], [1, 10, 1_000])?.spearman).toBeCloseTo(1, 14);
  });

  test("is none where a list does not vary, not even by rounding", () => {
    expect(correlate([0.1, 0.1, 0.1], [1, 2, 3])).toBeUndefined();
    expect(correlate([1, 2, 3], [0, 0, 0])).toBeUndefined();
  });

  test("is symmetric, within ±1, and unchanged by a positive factor and a shift", () => {
    const list = fc.array(fc.integer({ min: -50, max: 50 }), { minLength: 5, maxLength: 5 });
    fc.assert(
      fc.property(list, list, (x, y) => {
        const correlation = correlate(x, y);
        if (correlation === undefined) return;
        expect(Math.abs(correlation.pearson)).toBeLessThanOrEqual(1);
        expect(correlate(y, x)?.pearson).toBeCloseTo(correlation.pearson, 12);
        const shifted = correlate(
          x,
          y.map((value) => 3 * value - 7),
        );
        expect(shifted?.pearson).toBeCloseTo(correlation.pearson, 12);
        expect(shifted?.spearman).toBeCloseTo(correlation.spearman, 12);
      }),
    );
  });
});

test("rankValues shares the ranks of equal values", () => {
  expect(rankValues([3, 1, 3, -2])).toEqual([3.5, 2, 3.5, 1]);
  expect(rankValues(Float32Array.of(1, 1, 1))).toEqual([2, 2, 2]);
  expect(rankValues([])).toEqual([]);
});

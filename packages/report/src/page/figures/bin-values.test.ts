import fc from "fast-check";
import { expect, test } from "vitest";
import { binValues } from "./bin-values.ts";

test("binValues counts from 0 to the end, which belongs to the last bin", () => {
  expect(binValues([0, 0.9, 1, 4], { bins: 4, end: 4 })).toEqual([
    { start: 0, stop: 1, count: 2 },
    { start: 1, stop: 2, count: 1 },
    { start: 3, stop: 4, count: 1 },
  ]);
});

test("binValues makes bins of equal width on a square-root axis", () => {
  expect(binValues([0, 1, 3, 9], { bins: 4, end: 16, squareRoot: true })).toEqual([
    { start: 0, stop: 1, count: 1 },
    { start: 1, stop: 4, count: 2 },
    { start: 9, stop: 16, count: 1 },
  ]);
});

test("binValues begins where it is told to, below 0 too", () => {
  expect(binValues([-2, -0.5, 2], { bins: 4, start: -2, end: 2 })).toEqual([
    { start: -2, stop: -1, count: 1 },
    { start: -1, stop: 0, count: 1 },
    { start: 1, stop: 2, count: 1 },
  ]);
});

test("every value is in one bin", () => {
  const values = fc.array(fc.double({ min: 0, max: 1e4, noNaN: true }), { minLength: 1 });
  fc.assert(
    fc.property(values, fc.boolean(), (drawn, squareRoot) => {
      const bins = binValues(drawn, { bins: 40, end: Math.max(1, ...drawn), squareRoot });
      expect(bins.reduce((sum, { count }) => sum + count, 0)).toBe(drawn.length);
    }),
  );
});

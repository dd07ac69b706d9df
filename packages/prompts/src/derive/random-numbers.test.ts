import fc from "fast-check";
import { expect, test } from "vitest";
import { createRandomNumbers } from "./random-numbers.ts";

test("createRandomNumbers lies in [0, 1) and repeats for the same seed", () => {
  fc.assert(
    fc.property(fc.maxSafeNat(), (seed) => {
      const numbers = take(seed, 20);
      expect(Math.min(...numbers)).toBeGreaterThanOrEqual(0);
      expect(Math.max(...numbers)).toBeLessThan(1);
      expect(take(seed, 20)).toEqual(numbers);
    }),
  );
});

test("createRandomNumbers differs between seeds that share their low or their high 32 bits", () => {
  const starts = [1, 2, 1 + 2 ** 32, 2 ** 32, 2 ** 53 - 1].map((seed) => take(seed, 4).join(" "));
  expect(new Set(starts).size).toBe(starts.length);
});

test("createRandomNumbers has the mean and the variance of a uniform distribution", () => {
  const numbers = take(5, 100_000);
  const mean = numbers.reduce((sum, x) => sum + x, 0) / numbers.length;
  const variance = numbers.reduce((sum, x) => sum + (x - mean) ** 2, 0) / numbers.length;
  // Four standard errors: 4 · √(1/12 / n) and 4 · √(1/180 / n).
  expect(Math.abs(mean - 0.5)).toBeLessThan(0.0037);
  expect(Math.abs(variance - 1 / 12)).toBeLessThan(0.001);
});

function take(seed: number, count: number): number[] {
  const next = createRandomNumbers(seed);
  return Array.from({ length: count }, () => next());
}

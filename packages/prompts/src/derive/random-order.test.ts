import fc from "fast-check";
import { expect, test } from "vitest";
import { createRandomNumbers } from "./random-numbers.ts";
import { randomOrder } from "./random-order.ts";

test("randomOrder holds every number once", () => {
  fc.assert(
    fc.property(fc.nat(40), fc.maxSafeNat(), (length, seed) => {
      const order = randomOrder(length, createRandomNumbers(seed));
      expect(order.toSorted((x, y) => x - y)).toEqual(Array.from({ length }, (_, index) => index));
    }),
  );
});

test("randomOrder gives each of the 6 orders of 3 numbers about equally often", () => {
  const next = createRandomNumbers(0);
  const counts = new Map<string, number>();
  for (let draw = 0; draw < 6_000; draw += 1) {
    const order = randomOrder(3, next).join("");
    counts.set(order, (counts.get(order) ?? 0) + 1);
  }
  // 1,000 of each expected; the standard deviation is 29.
  expect(counts.size).toBe(6);
  for (const count of counts.values()) expect(Math.abs(count - 1_000)).toBeLessThan(120);
});

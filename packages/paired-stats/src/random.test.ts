import { describe, expect, it } from "vitest";
import { randomBelow, randomOrder, randomWords, splitMix64, xoshiro128StarStar } from "./random.ts";

describe("random stream", () => {
  it("is xoshiro128** (the first words from state 1, 2, 3, 4)", () => {
    const words = xoshiro128StarStar([1, 2, 3, 4]);
    expect([words(), words(), words(), words(), words()]).toEqual([11520, 0, 5927040, 70819200, 2031721883]);
  });

  it("is seeded by SplitMix64 (the published outputs of seed 1234567)", () => {
    const split = splitMix64(1234567n);
    expect([split(), split(), split()]).toEqual([
      6457827717110365317n,
      3203168211198807973n,
      9817491932198370423n,
    ]);
  });

  it("repeats for a seed and differs between seeds, negative ones included", () => {
    const first = (seed: number): number => randomWords(seed)();
    expect(first(7)).toBe(first(7));
    expect(new Set([0, 1, 2, -1, Number.MAX_SAFE_INTEGER].map(first)).size).toBe(5);
  });

  it("draws below a bound evenly", () => {
    const words = randomWords(1);
    const counts = [0, 0, 0];
    for (let draw = 0; draw < 30_000; draw += 1) {
      const value = randomBelow(words, 3);
      counts[value] = (counts[value] ?? 0) + 1;
    }
    for (const count of counts) expect(Math.abs(count - 10_000)).toBeLessThan(400);
  });

  it("shuffles: every order is a permutation", () => {
    const order = randomOrder(randomWords(5), 25);
    expect([...order].sort((left, right) => left - right)).toEqual([...new Uint32Array(25).keys()]);
    expect([...order]).not.toEqual([...new Uint32Array(25).keys()]);
  });
});

import { describe, expect, it } from "vitest";
import { createMersenneTwister } from "./mersenne-twister.ts";

const take = (count: number, seed: number): number[] => {
  const engine = createMersenneTwister(seed);
  return Array.from({ length: count }, () => engine.nextUint32());
};

describe("createMersenneTwister(seed)", () => {
  it("gives the published stream of seed 5489", () => {
    // std::mt19937 of C++: the 10,000th word is required to be 4123659995.
    const words = take(10_000, 5489);
    expect(words.slice(0, 3)).toEqual([3499211612, 581869302, 3890346734]);
    expect(words[9_999]).toBe(4123659995);
  });
  it("keeps two engines apart", () => {
    const [first, second] = [createMersenneTwister(1), createMersenneTwister(1)];
    first.nextUint32();
    expect(first.nextUint32()).not.toBe(second.nextUint32());
  });
});

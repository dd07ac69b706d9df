import { describe, expect, it } from "vitest";
import { parseShard, shardPairs } from "./shard.ts";

describe("parseShard", () => {
  it("reads K/N with K from 1 to N", () => {
    expect(parseShard("2/3")).toEqual({ number: 2, count: 3 });
  });

  it.each(["0/3", "4/3", "1", "1/0", "-1/2", "1/2/3", "a/b", "1.5/2", " 1/2", ""])(
    "takes %j for no shard",
    (text) => {
      expect(parseShard(text)).toBeNull();
    },
  );
});

describe("shardPairs", () => {
  it("gives every pair to exactly one shard, and shards that differ by one pair at most", () => {
    for (const [pairs, count] of [
      [25, 1],
      [25, 2],
      [25, 7],
      [25, 25],
      [6, 3],
    ] as const) {
      const shards = Array.from({ length: count }, (_, index) =>
        shardPairs(pairs, { number: index + 1, count }),
      );
      expect(shards.flat().sort((a, b) => a - b)).toEqual(Array.from({ length: pairs }, (_, pair) => pair));
      const sizes = shards.map(({ length }) => length);
      expect(Math.max(...sizes) - Math.min(...sizes)).toBeLessThanOrEqual(1);
    }
  });

  it("gives all pairs without a shard", () => {
    expect(shardPairs(3, undefined)).toEqual([0, 1, 2]);
  });

  it("refuses more shards than pairs", () => {
    expect(() => shardPairs(3, { number: 1, count: 4 })).toThrow(/3 pairs.*over 4 shards/);
  });
});

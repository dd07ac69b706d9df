import { describe, expect, it } from "vitest";
import { planFolds } from "./plan-folds.ts";

const pairs = Array.from({ length: 9 }, (_, pair) => ({ id: `pair-${pair}` }));
const all = Array.from(pairs.keys());
const settings = { rankBy: "half", method: "zero", seed: 0, pairs: all } as const;

describe("planFolds(pairs, settings)", () => {
  it("each half of the pairs ranks for the other: no pair is tried on units that it ranked", () => {
    const { folds, tests, record } = planFolds(pairs, settings);
    expect(folds.map(({ rankedBy }) => rankedBy.length)).toEqual([4, 5]);
    for (const { rankedBy, tested } of folds) expect([...rankedBy, ...tested].sort()).toEqual(all);
    for (const { pair, fold } of tests) expect(folds[fold]?.rankedBy).not.toContain(pair);
    expect(record.folds[1]?.tested).toEqual(record.folds[0]?.rankedBy);
    expect(record.pairIds).toEqual(pairs.map(({ id }) => id));
    expect(record.resampledFrom).toBeNull();
  });

  it("tries some of the pairs on what the halves of all pairs rank", () => {
    const { folds, tests, neededPairs } = planFolds(pairs, { ...settings, pairs: [0, 4] });
    expect(folds.map(({ rankedBy }) => rankedBy)).toEqual(
      planFolds(pairs, settings).folds.map(({ rankedBy }) => rankedBy),
    );
    expect(tests.map(({ pair }) => pair)).toEqual([0, 4]);
    expect(neededPairs).toEqual([0, 4]);
  });

  it("the seed decides the halves, and every pair is in the first of four or five of nine about as often", () => {
    const counts = new Array<number>(9).fill(0);
    for (let seed = 0; seed < 300; seed += 1) {
      const [first] = planFolds(pairs, { ...settings, seed }).folds;
      for (const pair of first?.rankedBy ?? []) counts[pair] = (counts[pair] ?? 0) + 1;
    }
    // 300 · 4 / 9 each, with a standard deviation below 9.
    for (const count of counts) expect(Math.abs(count - 133)).toBeLessThan(40);
  });

  it("by all pairs, all of them rank and are tried", () => {
    const { folds } = planFolds(pairs, { ...settings, rankBy: "all" });
    expect(folds).toEqual([{ rankedBy: all, tested: all }]);
  });

  it.each(["half", "all"] as const)(
    "the mean is that of all prompts of the pairs that rank: %s",
    (rankBy) => {
      const { folds, tests } = planFolds(pairs, { ...settings, rankBy, method: "mean" });
      for (const { fold, sources } of tests) {
        const expected = (folds[fold]?.rankedBy ?? []).flatMap((pair) => [`${pair}/0`, `${pair}/1`]);
        expect(sources.map(({ pair, condition }) => `${pair}/${condition}`)).toEqual(expected);
      }
    },
  );

  it.each(["half", "all"] as const)("one prompt of another pair that ranks is resampled: %s", (rankBy) => {
    const drawn = new Set<string>();
    for (let seed = 0; seed < 40; seed += 1) {
      const { folds, tests, record } = planFolds(pairs, { ...settings, rankBy, method: "resample", seed });
      for (const [place, { pair, fold, sources }] of tests.entries()) {
        const [source, ...more] = sources;
        expect(more).toEqual([]);
        expect(source?.pair).not.toBe(pair);
        expect(folds[fold]?.rankedBy).toContain(source?.pair);
        const from = record.resampledFrom?.[place];
        expect(from).toEqual({ pairId: `pair-${source?.pair}`, condition: "ab"[source?.condition ?? 2] });
        drawn.add(JSON.stringify(source));
      }
    }
    expect(drawn.size).toBe(18);
  });

  it("refuses halves of fewer than two pairs, and names the way out", () => {
    expect(() => planFolds(pairs.slice(0, 3), { ...settings, pairs: [0, 1, 2] })).toThrow(
      /`rankBy: half` needs 4 pairs.*has 3\. Use the option `rankBy: all`/,
    );
    expect(planFolds(pairs.slice(0, 3), { ...settings, rankBy: "all", pairs: [0] }).tests).toHaveLength(1);
  });

  it("refuses to resample a run of one pair", () => {
    const only = { ...settings, rankBy: "all", method: "resample", pairs: [0] } as const;
    expect(() => planFolds(pairs.slice(0, 1), only)).toThrow(
      /`method: resample`.*Use the option `method: mean`/,
    );
  });
});

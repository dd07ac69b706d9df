import { describe, expect, it } from "vitest";
import { noise } from "../../test/noise.ts";
import { expectClose, matrixOf, parity, parityDifferences, paritySigns } from "../../test/parity.ts";
import { correlateUnits } from "./correlate-units.ts";
import { splitHalfReliability } from "./split-half.ts";

const halves = parity.split_permutations.map((order) => order.slice(0, 12));

describe("splitHalfReliability", () => {
  it("equals numpy's correlations over the given halves", async () => {
    const { ofT, ofMeanDifference } = await splitHalfReliability(parityDifferences, { halves, flips: 0 });
    expectClose(ofT.r, parity.split_half_r_of_t);
    expectClose(ofMeanDifference.r, parity.split_half_r_of_mean_difference);
  });

  it("summarises by the median and the quartiles", async () => {
    const { ofT } = await splitHalfReliability(parityDifferences, { halves: halves.slice(0, 5), flips: 0 });
    const sorted = [...ofT.r].sort((left, right) => left - right);
    expect([ofT.lowerQuartile, ofT.median, ofT.upperQuartile]).toEqual([sorted[1], sorted[2], sorted[3]]);
  });

  it("takes the observed correlation as the null's value for the observed labelling", async () => {
    const unchanged = matrixOf([new Array<number>(25).fill(1), new Array<number>(25).fill(-1)]);
    const { ofT, ofMeanDifference, nullOfT, nullOfMeanDifference } = await splitHalfReliability(
      parityDifferences,
      {
        halves,
        signs: unchanged,
      },
    );
    expectClose(nullOfT?.null.values ?? [], [ofT.median, ofT.median]);
    expectClose(nullOfMeanDifference?.null.values ?? [], [ofMeanDifference.median, ofMeanDifference.median]);
    expect(nullOfT?.p).toBe(1);
  });

  it("finds planted effects again and noise not", async () => {
    const planted = noise(24, 200, 1, (unit) => (unit < 100 ? 1 : -1));
    const { ofT, nullOfT } = await splitHalfReliability(planted, { splits: 10, flips: 50 });
    expect(ofT.median).toBeGreaterThan(0.8);
    expect(nullOfT?.p).toBe(1 / 51);
    const { ofT: ofNoise, nullOfT: nullOfNoise } = await splitHalfReliability(noise(24, 200, 1), {
      splits: 10,
      flips: 50,
    });
    expect(Math.abs(ofNoise.median)).toBeLessThan(0.2);
    expect(nullOfNoise?.p).toBeGreaterThan(0.05);
  });

  it("repeats for a seed", async () => {
    const first = await splitHalfReliability(parityDifferences, { splits: 5, flips: 5, seed: 9 });
    expect(await splitHalfReliability(parityDifferences, { splits: 5, flips: 5, seed: 9 })).toEqual(first);
  });

  it("leaves a unit out where it does not vary within a half", async () => {
    const differences = matrixOf([
      [1, 3, 1, 0],
      [1, 2, 2, 5],
      [2, 5, 4, 1],
      [3, 1, 6, 2],
    ]);
    const { ofT } = await splitHalfReliability(differences, { halves: [[0, 1]], flips: 0 });
    expect(Number.isFinite(ofT.median)).toBe(true);
  });

  it.each([
    ["fewer than four pairs", noise(3, 5, 1), {}, "too-few-pairs"],
    ["a half of one pair", noise(5, 5, 1), { halves: [[0]] }, "too-few-pairs"],
    ["a pair that does not exist", noise(5, 5, 1), { halves: [[0, 5]] }, "invalid-argument"],
    ["a pair named twice", noise(5, 5, 1), { halves: [[0, 0]] }, "invalid-argument"],
    ["no halving", noise(5, 5, 1), { halves: [] }, "invalid-argument"],
    ["no split", noise(5, 5, 1), { splits: 0 }, "invalid-argument"],
    ["fewer flips than none", noise(5, 5, 1), { flips: -1 }, "invalid-argument"],
    ["half a flip", noise(5, 5, 1), { flips: 0.5 }, "invalid-argument"],
    ["a seed that is not whole", noise(5, 5, 1), { seed: 0.5 }, "invalid-argument"],
    ["a single unit", noise(5, 1, 1), {}, "degenerate"],
    ["signs of another number of pairs", noise(5, 5, 1), { signs: paritySigns }, "invalid-signs"],
  ] as const)("refuses %s", async (_, differences, options, code) => {
    await expect(splitHalfReliability(differences, options)).rejects.toMatchObject({ code });
  });

  it.each([1e-3, 1e-6, 1e-9])(
    "does not depend on a shift common to all units: noise %d of it",
    async (size) => {
      const pairs = 8;
      const units = 30;
      const differences = noise(pairs, units, 7);
      const shifted = { ...differences, data: differences.data.map((value) => 1 + size * value) };
      const signs = matrixOf([
        [1, 1, 1, 1, 1, 1, 1, 1],
        [1, -1, 1, 1, -1, 1, 1, 1],
        [1, 1, 1, 1, -1, -1, -1, -1],
        [-1, 1, 1, -1, 1, 1, 1, -1],
      ]);
      const first = [0, 1, 2, 3];
      const { ofMeanDifference, nullOfMeanDifference, ofT, nullOfT } = await splitHalfReliability(shifted, {
        halves: [first],
        signs,
      });
      // a shift of every unit's flipped sum changes no correlation of sums: take the exact deviations from 1
      const sumOf = (flip: number, half: readonly number[], unit: number): number =>
        half.reduce((sum, pair) => {
          const at = pair * units + unit;
          return sum + (signs.data[flip * pairs + pair] ?? NaN) * ((shifted.data[at] ?? NaN) - 1);
        }, 0);
      const expected = [0, 1, 2, 3].map((flip) => {
        const map = (half: readonly number[]): Float64Array =>
          Float64Array.from({ length: units }, (_, unit) => sumOf(flip, half, unit));
        return correlateUnits(map(first), map([4, 5, 6, 7]));
      });
      expectClose(nullOfMeanDifference?.null.values ?? [], expected, 1e-6);
      expect(ofMeanDifference.median).toBeCloseTo(expected[0] ?? NaN, 6);
      expect(nullOfT?.null.values[0]).toBeCloseTo(ofT.median, 6);
      expect(nullOfT?.null.values[2]).toBeCloseTo(-ofT.median, 6); // the second half turned round
    },
  );

  it("gives way after every halving, and heeds the signal there", async () => {
    const reason = new Error("enough");
    const controller = new AbortController();
    let turns = 0;
    const turn = (): void => {
      turns += 1;
      if (turns === 5) controller.abort(reason);
      else setImmediate(turn);
    };
    setImmediate(turn);
    const run = splitHalfReliability(noise(8, 20, 1), { splits: 10, flips: 0, signal: controller.signal });
    await expect(run).rejects.toBe(reason);
  });

  it("ends with the reason of the abort", async () => {
    const reason = new Error("enough");
    const controller = new AbortController();
    const run = splitHalfReliability(parityDifferences, {
      signal: controller.signal,
      onProgress: () => {
        controller.abort(reason);
      },
    });
    await expect(run).rejects.toBe(reason);
  });
});

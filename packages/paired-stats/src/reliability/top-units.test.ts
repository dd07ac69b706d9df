import { describe, expect, it } from "vitest";
import { noise } from "../../test/noise.ts";
import { matrixOf } from "../../test/parity.ts";
import { retestTopUnits, splitSampleEffect, topUnitOverlap } from "./top-units.ts";

describe("topUnitOverlap", () => {
  it("is 1 where the same units are strongest in every half", () => {
    const planted = noise(24, 100, 2, (unit) => (unit < 10 ? 5 : 0));
    const { overlap, median, expectedByChance } = topUnitOverlap(planted, 10, { splits: 8 });
    expect([...overlap]).toEqual(new Array<number>(8).fill(1));
    expect(median).toBe(1);
    expect(expectedByChance).toBe(0.1);
  });

  it("is near chance on noise", () => {
    const { median, expectedByChance } = topUnitOverlap(noise(24, 400, 3), 100, { splits: 20 });
    expect(expectedByChance).toBe(0.25);
    expect(Math.abs(median - 0.25)).toBeLessThan(0.06);
  });

  it.each([0, 1.5, 6])("refuses %d of 5 units", (top) => {
    expect(() => topUnitOverlap(noise(6, 5, 1), top)).toThrow(
      expect.objectContaining({ code: "invalid-argument" }),
    );
  });
});

describe("splitSampleEffect", () => {
  it("is free of the selection: near 0 on noise, where the selecting half claims an effect", () => {
    const { medianSelectedDz, medianEstimatedDz } = splitSampleEffect(noise(24, 1000, 4), 20, { splits: 20 });
    expect(medianSelectedDz).toBeGreaterThan(0.6);
    expect(Math.abs(medianEstimatedDz)).toBeLessThan(0.1);
  });

  it("finds a planted effect of either sign", () => {
    const planted = noise(100, 200, 5, (unit) => (unit < 20 ? (unit % 2 === 0 ? 1 : -1) : 0));
    const { medianEstimatedDz } = splitSampleEffect(planted, 20, { splits: 10 });
    expect(Math.abs(medianEstimatedDz - 1)).toBeLessThan(0.1);
  });

  it("refuses a selected unit without a finite d_z in a half", () => {
    const differences = matrixOf([
      [1, 2],
      [1, 1],
      [2, 1],
      [3, 5],
    ]);
    expect(() => splitSampleEffect(differences, 2, { halves: [[0, 1]] })).toThrow(
      expect.objectContaining({ code: "degenerate" }),
    );
  });
});

describe("retestTopUnits", () => {
  it("is the effect and the overlap of the same halvings", () => {
    const planted = noise(20, 300, 7, (unit) => (unit < 9 ? 1 : 0));
    const options = { splits: 5, seed: 3 };
    expect(retestTopUnits(planted, 12, options)).toEqual({
      effect: splitSampleEffect(planted, 12, options),
      overlap: topUnitOverlap(planted, 12, options),
    });
  });

  it("agrees with units sorted by hand, ties in their order", () => {
    // Two columns of every kind, so that every |t| is there twice, or more often with opposite signs.
    const columns = noise(8, 6, 11);
    const rows = Array.from({ length: 8 }, (_, pair) => {
      const row = Array.from(columns.data.subarray(6 * pair, 6 * pair + 6));
      return [...row, ...row.map((value) => -value)];
    });
    const halves = [
      [0, 1, 2, 3],
      [1, 3, 5, 7],
    ];
    const { effect, overlap } = retestTopUnits(matrixOf(rows), 5, { halves });
    for (const [split, first] of halves.entries()) {
      const second = [0, 1, 2, 3, 4, 5, 6, 7].filter((pair) => !first.includes(pair));
      const dz = (pairs: readonly number[]): number[] =>
        Array.from({ length: 12 }, (_, unit) => {
          const values = pairs.map((pair) => rows[pair]?.[unit] ?? NaN);
          const mean = values.reduce((sum, value) => sum + value) / values.length;
          const squares = values.reduce((sum, value) => sum + (value - mean) ** 2, 0);
          return mean / Math.sqrt(squares / (values.length - 1));
        });
      const top = (all: readonly number[]): number[] =>
        [...all.keys()]
          .sort((one, other) => Math.abs(all[other] ?? 0) - Math.abs(all[one] ?? 0) || one - other)
          .slice(0, 5);
      const [left, right] = [dz(first), dz(second)];
      const meanOf = (units: number[], signs: number[], values: number[]): number =>
        units.reduce((sum, unit) => sum + Math.sign(signs[unit] ?? 0) * (values[unit] ?? NaN), 0) / 5;
      expect(effect.selectedDz[split]).toBeCloseTo(
        (meanOf(top(left), left, left) + meanOf(top(right), right, right)) / 2,
        12,
      );
      expect(effect.estimatedDz[split]).toBeCloseTo(
        (meanOf(top(left), left, right) + meanOf(top(right), right, left)) / 2,
        12,
      );
      expect(overlap.overlap[split]).toBe(top(left).filter((unit) => top(right).includes(unit)).length / 5);
    }
  });
});

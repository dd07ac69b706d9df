import { describe, expect, it } from "vitest";
import { noise } from "../../test/noise.ts";
import { matrixOf } from "../../test/parity.ts";
import { splitSampleEffect, topUnitOverlap } from "./top-units.ts";

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

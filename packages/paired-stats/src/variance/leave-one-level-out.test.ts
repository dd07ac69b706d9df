import { describe, expect, it } from "vitest";
import { noise } from "../../test/noise.ts";
import { matrixOf } from "../../test/parity.ts";
import type { Matrix } from "../matrix.ts";
import { pairedT } from "../paired-t.ts";
import { leaveOneLevelOut } from "./leave-one-level-out.ts";

const replicates = [1, 2, 3, 4, 5, 6].map((seed) => noise(7, 50, seed, (unit) => (unit % 3) * 0.8));
const levels = ["x", "x", "y", "y", "z", "z"];

/** t of the mean over some replicates, unit by unit, with nothing but sums. */
function slowT(which: readonly number[]): number[] {
  const chosen = which.map((place) => replicates[place]?.data ?? new Float64Array());
  return Array.from({ length: 50 }, (_, unit) => {
    const values = Array.from({ length: 7 }, (_, pair) =>
      chosen.reduce((sum, data) => sum + (data[pair * 50 + unit] ?? NaN) / chosen.length, 0),
    );
    const mean = values.reduce((sum, value) => sum + value, 0) / 7;
    const squares = values.reduce((sum, value) => sum + (value - mean) ** 2, 0);
    return mean / Math.sqrt(squares / 6 / 7);
  });
}

describe("leaveOneLevelOut", () => {
  it("counts what t tests of each level and of the others count, written out", () => {
    const alone = [slowT([0, 1]), slowT([2, 3]), slowT([4, 5])];
    const without = [slowT([2, 3, 4, 5]), slowT([0, 1, 4, 5]), slowT([0, 1, 2, 3])];
    const whole = slowT([0, 1, 2, 3, 4, 5]);
    const thresholds = [2, 3];
    const result = leaveOneLevelOut(replicates, levels, { thresholds });
    const count = (t: readonly number[]): number[] =>
      thresholds.map((threshold) => t.filter((value) => Math.abs(value) > threshold).length);
    expect(result.levels).toEqual(
      ["x", "y", "z"].map((level, k) => ({
        level,
        alone: count(alone[k] ?? []),
        without: count(without[k] ?? []),
      })),
    );
    for (const { threshold, over, inEveryLevel, withAnyLevelOut } of result.survivors) {
      const isOver = (t: readonly number[], unit: number): boolean =>
        (t[unit] ?? NaN) * Math.sign(whole[unit] ?? NaN) > threshold;
      const units = [...whole.keys()].filter((unit) => isOver(whole, unit));
      expect(over).toBe(units.length);
      expect(inEveryLevel).toBe(units.filter((unit) => alone.every((t) => isOver(t, unit))).length);
      expect(withAnyLevelOut).toBe(units.filter((unit) => without.every((t) => isOver(t, unit))).length);
      expect(withAnyLevelOut).toBeLessThan(over);
    }
  });

  it("counts no unit as surviving that is as strong with the other sign in one level", () => {
    const up = [5.3, 5, 4.9].map((value) => [value]);
    const down = [-1.1, -1, -0.9].map((value) => [value]);
    const { survivors } = leaveOneLevelOut([matrixOf(up), matrixOf(down)], [1, 2], { thresholds: [3] });
    expect(survivors).toEqual([{ threshold: 3, over: 1, inEveryLevel: 0, withAnyLevelOut: 0 }]);
  });

  it("counts no degenerate unit", () => {
    const still: Matrix = matrixOf([[2], [2], [2]]);
    const { levels: rows } = leaveOneLevelOut([still, still], [1, 2], { thresholds: [3] });
    expect(pairedT(still).t[0]).toBe(Infinity);
    expect(rows.map(({ alone }) => alone)).toEqual([[0], [0]]);
  });

  it("refuses a single level, another number of levels, and different shapes", () => {
    const refuses = (code: string, matrices: readonly Matrix[], of: readonly number[]): void => {
      expect(() => leaveOneLevelOut(matrices, of)).toThrow(expect.objectContaining({ code }));
    };
    refuses("invalid-argument", replicates.slice(0, 2), [1, 1]);
    refuses("shape-mismatch", replicates.slice(0, 2), [1]);
    refuses("shape-mismatch", [noise(4, 2, 1), noise(4, 3, 1)], [1, 2]);
    refuses("shape-mismatch", [], []);
  });
});

import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { PairedStatsError } from "../paired-stats-error.ts";
import { correlateUnits } from "./correlate-units.ts";

const map = (...values: number[]): Float64Array => Float64Array.from(values);

describe("correlateUnits(x, y)", () => {
  it("is Pearson's r: 11 / √175 for [1, 2, 3, 4] and [1, 3, 2, 5]", () => {
    expect(correlateUnits(map(1, 2, 3, 4), map(1, 3, 2, 5))).toBeCloseTo(11 / Math.sqrt(175), 12);
  });
  it("leaves out units at which either side is not finite", () => {
    const [x, y] = [map(1, 2, Infinity, 3, 4, 9), map(1, 3, 7, 2, 5, -Infinity)];
    expect(correlateUnits(x, y)).toBe(correlateUnits(map(1, 2, 3, 4), map(1, 3, 2, 5)));
  });
  it("does not change with scale and shift, and turns its sign with a side", () => {
    const values = fc.array(fc.integer({ min: -1_000, max: 1_000 }), { minLength: 3, maxLength: 20 });
    fc.assert(
      fc.property(values, fc.integer({ min: 1, max: 50 }), (list, scale) => {
        fc.pre(new Set(list).size > 1);
        const x = Float64Array.from(list);
        const y = x.map((value, unit) => value + (unit % 3) * 100);
        fc.pre(new Set(y).size > 1);
        const r = correlateUnits(x, y);
        expect(
          correlateUnits(
            x.map((value) => scale * value + 7),
            y,
          ),
        ).toBeCloseTo(r, 9);
        expect(
          correlateUnits(
            x.map((value) => -value),
            y,
          ),
        ).toBeCloseTo(-r, 9);
      }),
    );
  });
  it.each([1e-320, 1e-170, 1e160, 1e307])("is 1 for a map of size %d and twice that map", (size) => {
    expect(correlateUnits(map(size, 2 * size, 4 * size), map(1, 2, 4))).toBeCloseTo(1, 12);
    expect(correlateUnits(map(1, 2, 4), map(-size, -2 * size, -4 * size))).toBeCloseTo(-1, 12);
  });
  it("loses no digits to an offset", () => {
    expect(
      correlateUnits(map(1, 2, 3, 4), map(1 + 2 ** 40, 3 + 2 ** 40, 2 + 2 ** 40, 5 + 2 ** 40)),
    ).toBeCloseTo(11 / Math.sqrt(175), 12);
  });
  it("refuses maps that are constant but for the rounding of their mean", () => {
    const [tenths, thirds] = [new Float64Array(10).fill(0.1), new Float64Array(10).fill(1 / 3)];
    for (const constant of [tenths, thirds])
      expect(() => correlateUnits(constant, tenths)).toThrow(expect.objectContaining({ code: "degenerate" }));
  });
  it("refuses maps of other lengths, and maps that do not vary", () => {
    expect(() => correlateUnits(map(1, 2), map(1, 2, 3))).toThrow(/2 and 3 values/);
    expect(() => correlateUnits(map(1, 1, 1), map(1, 2, 3))).toThrow(PairedStatsError);
  });
});

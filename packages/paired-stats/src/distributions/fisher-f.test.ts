import { describe, expect, it } from "vitest";
import { crossedParity } from "../../test/crossed-parity.ts";
import { fisherUpperP } from "./fisher-f.ts";
import { studentTwoSidedP } from "./student-t.ts";

describe("fisherUpperP", () => {
  it.each(crossedParity.f_sf)(
    "of $f with $numerator and $denominator degrees of freedom is scipy's $p",
    (row) => {
      const p = fisherUpperP(row.f, row.numerator, row.denominator);
      expect(Math.abs(p - row.p)).toBeLessThanOrEqual(1e-10 * row.p);
    },
  );

  it("of t² with one degree of freedom above is Student's two-sided p of t", () => {
    for (const t of [0.01, 0.7, 2, 14.89, 50])
      for (const degreesOfFreedom of [1, 4, 24, 501])
        expect(fisherUpperP(t * t, 1, degreesOfFreedom) / studentTwoSidedP(t, degreesOfFreedom)).toBeCloseTo(
          1,
          10,
        );
  });

  it("is 1 at 0 and 0 at infinity", () => {
    expect([fisherUpperP(0, 3, 9), fisherUpperP(Infinity, 3, 9), fisherUpperP(1e308, 3, 9)]).toEqual([
      1, 0, 0,
    ]);
  });

  it("with two degrees of freedom above is (1 + 2 f / n)^(−n / 2)", () => {
    for (const f of [1e-9, 0.3, 5, 40])
      for (const n of [1, 2, 17, 600])
        expect(fisherUpperP(f, 2, n) / Math.exp((-n / 2) * Math.log1p((2 * f) / n))).toBeCloseTo(1, 10);
  });

  it.each([
    [NaN, 1, 1],
    [-1, 1, 1],
    [1, 0, 1],
    [1, 1, 1.5],
  ])("refuses F = %d with %d and %d degrees of freedom", (f, numerator, denominator) => {
    expect(() => fisherUpperP(f, numerator, denominator)).toThrow(
      expect.objectContaining({ code: "invalid-argument" }),
    );
  });
});

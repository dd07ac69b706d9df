import { describe, expect, it } from "vitest";
import { parity } from "../../test/parity.ts";
import { studentCriticalValue, studentTwoSidedP } from "./student-t.ts";

describe("studentTwoSidedP", () => {
  // scipy 1.17.1 itself is off by 3e-9 at t = 1e-8 with one degree of freedom: mpmath gives 0.99999999363380227632
  const inaccurate = (row: { t: number; df: number }): boolean => row.t === 1e-8 && row.df === 1;

  it.each(parity.t_cdf.filter((row) => !inaccurate(row)))(
    "of $t with $df degrees of freedom is scipy's $two_sided_p",
    ({ t, df, two_sided_p }) => {
      expect(Math.abs(studentTwoSidedP(t, df) / two_sided_p - 1)).toBeLessThan(1e-12);
      expect(studentTwoSidedP(-t, df)).toBe(studentTwoSidedP(t, df));
    },
  );

  it.each([
    [1e-8, 1, 0.9999999936338023],
    [0.9, 1.5, 0.4889675470086134],
    [5, 199, 1.25473932525008082e-6],
    [1e100, 1, 6.366197723675813e-101],
  ])("of %d with %d degrees of freedom is mpmath's %d", (t, df, expected) => {
    expect(Math.abs(studentTwoSidedP(t, df) / expected - 1)).toBeLessThan(1e-13);
  });

  it("approaches the normal distribution", () => {
    expect(Math.abs(studentTwoSidedP(3, 1e5) / 0.0027004608840647234 - 1)).toBeLessThan(1e-11);
  });

  it("is 1 at 0 and 0 at infinity", () => {
    expect(studentTwoSidedP(0, 24)).toBe(1);
    expect(studentTwoSidedP(Infinity, 24)).toBe(0);
    expect(studentTwoSidedP(-Infinity, 24)).toBe(0);
  });

  it("never rises with |t|", () => {
    for (let t = 0; t < 20; t += 0.01)
      expect(studentTwoSidedP(t + 0.01, 7)).toBeLessThanOrEqual(studentTwoSidedP(t, 7));
  });

  it.each([
    [NaN, 3],
    [1, 0],
    [1, -1],
    [1, NaN],
    [1, Infinity],
  ])("refuses t = %d with %d degrees of freedom", (t, df) => {
    expect(() => studentTwoSidedP(t, df)).toThrow(expect.objectContaining({ code: "invalid-argument" }));
  });
});

describe("studentCriticalValue", () => {
  it.each([
    [0.05, 24, 2.063898561628026],
    [0.05, 1, 12.706204736174707],
    [0.01, 9, 3.249835541592126],
  ])("of %d with %d degrees of freedom is %d", (p, df, expected) => {
    expect(Math.abs(studentCriticalValue(p, df) / expected - 1)).toBeLessThan(1e-12);
  });

  it.each([0, 1, -1, NaN])("refuses the probability %d", (p) => {
    expect(() => studentCriticalValue(p, 24)).toThrow(expect.objectContaining({ code: "invalid-argument" }));
  });
});

import { describe, expect, it } from "vitest";
import { studentCriticalValue, studentTwoSidedP } from "../distributions/student-t.ts";
import { randomWords } from "../random.ts";
import { tailP, type TailP } from "./tail-p.ts";

/** Exponential values from a seed: a generalised Pareto distribution of shape 0 whose tails are known. */
function exponential(count: number, seed: number): Float64Array {
  const words = randomWords(seed);
  return Float64Array.from({ length: count }, () => -Math.log((words() + 0.5) / 2 ** 32));
}

/** The greatest |t| of 1,000 independent units of 24 degrees of freedom that is exceeded with a given probability. */
function greatestTQuantile(above: number): number {
  return studentCriticalValue(-Math.expm1(Math.log1p(-above) / 1000), 24);
}

describe("tailP", () => {
  it("finds p = 1/2000 from 1000 exponential values, in the middle of 21 tries within a factor of 2", () => {
    const tries = Array.from({ length: 21 }, (_, seed) => tailP(Math.log(2000), exponential(1000, seed)).p);
    const [middle] = tries.sort((left, right) => left - right).slice(10);
    expect(middle).toBeGreaterThan(1 / 4000);
    expect(middle).toBeLessThan(1 / 1000);
  });

  it("agrees with counting where counting is good", () => {
    const { p, countedP } = tailP(3, exponential(10_000, 1));
    expect(Math.abs(p / Math.exp(-3) - 1)).toBeLessThan(0.1);
    expect(Math.abs(p / countedP - 1)).toBeLessThan(0.1);
  });

  it("reports the fit", () => {
    const tail = tailP(5, exponential(2000, 4));
    expect(tail.exceedances).toBe(500);
    expect(tail.threshold).toBeCloseTo(Math.log(4), 0);
    expect(Math.abs(tail.shape)).toBeLessThan(0.15);
    expect(tail.scale).toBeCloseTo(1, 0);
    expect(tail.fitP).toBeGreaterThan(0.05);
    expect(tail.andersonDarling).toBeLessThan(2);
  });

  /** Draws of 1,000 flips of which the true p of `observed` is known. */
  function draws(quantile: (above: number) => number, p: number): readonly (TailP | undefined)[] {
    return Array.from({ length: 15 }, (_, seed) => {
      const words = randomWords(seed);
      const values = Float64Array.from({ length: 1000 }, () => quantile((words() + 0.5) / 2 ** 32));
      try {
        return tailP(quantile(p), values);
      } catch (error) {
        expect(error).toMatchObject({ code: "no-fit" });
        return undefined;
      }
    });
  }

  it.each([
    ["of exponential values", (above: number): number => -Math.log(above)],
    ["of the greatest |t| of 1,000 units", greatestTQuantile],
    ["that is bounded", (above: number): number => 1 - above ** 0.25],
    ["that is heavy", (above: number): number => (above ** -0.2 - 1) / 0.2],
  ])("covers the true p by its interval, and is not far below it, for a tail %s", (_, quantile) => {
    for (const p of [1e-3, 1e-4]) {
      const given = draws(quantile, p).filter((tail) => tail !== undefined);
      const covered = given.filter(({ interval }) => interval.lower <= p && p <= interval.upper);
      const farBelow = given.filter((tail) => tail.p < p / 10);
      expect(given.length).toBeGreaterThanOrEqual(12);
      expect(covered.length / given.length).toBeGreaterThanOrEqual(0.85);
      expect(farBelow.length / given.length).toBeLessThanOrEqual(p === 1e-4 ? 0 : 0.2);
    }
  });

  it("refuses to extrapolate far: what the labellings say is a bound, which the message gives", () => {
    const refused = draws((above) => -Math.log(above), 1e-9).filter((tail) => tail === undefined);
    expect(refused.length).toBeGreaterThanOrEqual(13);
    expect(() => tailP(-Math.log(1e-12), exponential(1000, 1))).toThrow(/say no more than p < 0.0000999/);
  });

  it("has a floor of a tenth of what counting can reach", () => {
    for (const tail of draws((above) => -Math.log(above), 1e-5)) {
      if (tail === undefined) continue;
      expect(tail.floor).toBe(1 / 10_010);
      expect(tail.p).toBeGreaterThanOrEqual(tail.floor);
      expect(tail.interval.upper).toBeGreaterThanOrEqual(tail.floor);
    }
  });

  it("refuses a tail that follows no Pareto law: counts of few values", () => {
    const counts = Uint32Array.from(exponential(1000, 2), (value) => Math.floor(value));
    expect(() => tailP(20, counts)).toThrow(expect.objectContaining({ code: "no-fit" }));
  });

  it("refuses a null that is constant, too short or not finite, and a statistic outside the tail", () => {
    for (const [observed, values] of [
      [1, new Float64Array(500)],
      [1, exponential(50, 1)],
      [Infinity, exponential(500, 1)],
      [3, Float64Array.of(Infinity, ...exponential(500, 1))],
      [0.01, exponential(500, 1)],
    ] as const)
      expect(() => tailP(observed, values)).toThrow(expect.objectContaining({ code: "no-fit" }));
  });

  it("refuses to claim that nothing lies beyond a bounded tail", () => {
    const words = randomWords(1);
    const bounded = Float64Array.from({ length: 2000 }, () => 1 - Math.sqrt((words() + 0.5) / 2 ** 32));
    expect(() => tailP(50, bounded)).toThrow(expect.objectContaining({ code: "no-fit" }));
  });

  it("follows the tail of Student's t", () => {
    // the distribution function of |t| turned round by a table
    const table = Array.from({ length: 20_000 }, (_, step) => studentTwoSidedP(step / 1000, 24));
    const words = randomWords(3);
    const values = Float64Array.from({ length: 2000 }, () => {
      const uniform = (words() + 0.5) / 2 ** 32;
      return table.findIndex((p) => p <= uniform) / 1000 + words() / 2 ** 42;
    });
    const { p } = tailP(4.5, values);
    expect(Math.abs(Math.log10(p / studentTwoSidedP(4.5, 24)))).toBeLessThan(1);
  });
});

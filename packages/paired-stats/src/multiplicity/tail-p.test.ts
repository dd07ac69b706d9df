import { describe, expect, it } from "vitest";
import { studentTwoSidedP } from "../distributions/student-t.ts";
import { randomWords } from "../random.ts";
import { tailP } from "./tail-p.ts";

/** Exponential values from a seed: a generalised Pareto distribution of shape 0 whose tails are known. */
function exponential(count: number, seed: number): Float64Array {
  const words = randomWords(seed);
  return Float64Array.from({ length: count }, () => -Math.log((words() + 0.5) / 2 ** 32));
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

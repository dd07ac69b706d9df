import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { expectClose, matrixOf, parity, parityDifferences } from "../test/parity.ts";
import { noise } from "../test/noise.ts";
import { pairedDifference } from "./paired-difference.ts";
import { pairedT } from "./paired-t.ts";

describe("pairedT", () => {
  const result = pairedT(parityDifferences);

  it("equals scipy's t, p and d_z to 1e-10", () => {
    expectClose(result.t, parity.t);
    expectClose(result.p, parity.p_two_sided);
    expectClose(result.cohensDz, parity.cohen_d_z);
    expect(result.degreesOfFreedom).toBe(24);
  });

  it("gives the interval that scipy.stats.t.interval gives", () => {
    const { confidence, lower, upper } = pairedT(matrixOf([[1], [2], [4]])).confidenceInterval;
    expect(confidence).toBe(0.95);
    expectClose(lower, [-1.461249700263426]);
    expectClose(upper, [6.1279163669300925]);
    const wide = pairedT(matrixOf([[1], [2], [4]]), { confidence: 0.99 }).confidenceInterval;
    expectClose(wide.upper, [11.086222303646682]);
  });

  it("names degenerate units: t is 0 for zeros, infinite for another constant, never NaN", () => {
    expect(result.degenerateUnits).toEqual([0, 1]);
    expect([result.t[0], result.p[0], result.cohensDz[0]]).toEqual([0, 1, 0]);
    expect([result.t[1], result.p[1], result.cohensDz[1]]).toEqual([Infinity, 0, Infinity]);
    expect(pairedT(matrixOf([[-0.1], [-0.1], [-0.1]])).t[0]).toBe(-Infinity);
    expect(result.confidenceInterval.lower[1]).toBe(0.5);
    expect(result.confidenceInterval.upper[1]).toBe(0.5);
  });

  it("works with two pairs", () => {
    const { t, p, degreesOfFreedom } = pairedT(matrixOf([[1], [3]]));
    expectClose(t, [2]);
    expectClose(p, [0.2951672353008665]);
    expect(degreesOfFreedom).toBe(1);
  });

  it("loses nothing to a large offset of float32 measurements", () => {
    // 1e6 + k/16 is a float32; the differences are 1/16 to 3/16 on top of an offset of a million
    const steps = [1, 2, 3, 1, 2];
    const a = { data: new Float32Array(5).fill(1e6), shape: [5, 1] } as const;
    const b = { data: Float32Array.from(steps, (step) => 1e6 + step / 16), shape: [5, 1] } as const;
    const expected = pairedT(matrixOf(steps.map((step) => [step / 16]))).t;
    expect(pairedT(pairedDifference(a, b)).t).toEqual(expected);
  });

  it("loses nothing to differences of 1e-2 around 1e6", () => {
    const small = noise(25, 1, 3);
    const offset = { data: small.data.map((value) => 1e6 + value / 64), shape: small.shape };
    const back = { data: offset.data.map((value) => value - 1e6), shape: small.shape };
    expectClose(pairedT(offset).standardDeviation, [...pairedT(back).standardDeviation], 1e-12);
  });

  it.each([1e200, 1e-150, 5e-324])("refuses differences of ±%d, whose squares leave float64", (size) => {
    expect(() => pairedT(matrixOf([[size], [-size]]))).toThrow(
      expect.objectContaining({ code: "out-of-range" }),
    );
  });

  it.each([0, 1, NaN, 95])("refuses the confidence %d", (confidence) => {
    expect(() => pairedT(matrixOf([[1], [2]]), { confidence })).toThrow(
      expect.objectContaining({ code: "invalid-argument" }),
    );
  });

  const samples = fc.array(fc.integer({ min: -1000, max: 1000 }), { minLength: 2, maxLength: 12 });

  it("changes only its sign when the conditions change places", () => {
    fc.assert(
      fc.property(samples, (values) => {
        const forth = pairedT(matrixOf(values.map((value) => [value]))).t[0] ?? NaN;
        const back = pairedT(matrixOf(values.map((value) => [-value]))).t[0] ?? NaN;
        expect(back + 0).toBe(-forth + 0);
      }),
    );
  });

  it("does not depend on the scale or on the order of the pairs", () => {
    fc.assert(
      fc.property(samples, (values) => {
        const { t, degenerateUnits } = pairedT(matrixOf(values.map((value) => [value])));
        const other = pairedT(matrixOf([...values].reverse().map((value) => [value / 3])));
        expect(other.degenerateUnits).toEqual(degenerateUnits);
        if (degenerateUnits.length === 0) expect(other.t[0]).toBeCloseTo(t[0] ?? NaN, 9);
      }),
    );
  });
});

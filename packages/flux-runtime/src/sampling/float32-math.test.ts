import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { logFloat32, sinCosFloat32 } from "./float32-math.ts";

/** The inputs that noise can have: multiples of 2^-24. */
const uniform = fc.integer({ min: 1, max: 2 ** 24 }).map((word) => word * 2 ** -24);

describe("logFloat32(x)", () => {
  it("is within two roundings of the logarithm on (0, 1]", () => {
    fc.assert(
      fc.property(uniform, (x) => {
        const exact = Math.log(x);
        expect(Math.abs(logFloat32(x) - exact)).toBeLessThanOrEqual(2 ** -23 * Math.abs(exact));
      }),
    );
  });
  it("finds the exponent of powers of two and of their neighbours", () => {
    for (let power = -23; power <= 0; power++) {
      for (const x of [2 ** power, 2 ** power - 2 ** -24]) {
        expect(logFloat32(x)).toBeCloseTo(Math.log(x), 5);
      }
    }
    expect(logFloat32(1)).toBe(0);
  });
});

describe("sinCosFloat32(x)", () => {
  it("is within 2^-23 of sine and cosine on [0, 2π]", () => {
    fc.assert(
      fc.property(uniform, (u) => {
        const x = Math.fround(2 * Math.PI * u);
        const { sin, cos } = sinCosFloat32(x);
        expect(Math.abs(sin - Math.sin(x))).toBeLessThanOrEqual(2 ** -23);
        expect(Math.abs(cos - Math.cos(x))).toBeLessThanOrEqual(2 ** -23);
      }),
    );
  });
  it("returns float32 values", () => {
    const { sin, cos } = sinCosFloat32(1);
    expect([sin, cos]).toEqual([Math.fround(sin), Math.fround(cos)]);
  });
});

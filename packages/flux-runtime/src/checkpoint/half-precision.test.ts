import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { decodeBfloat16, decodeFloat16, encodeBfloat16, encodeFloat16 } from "./half-precision.ts";

describe("decodeBfloat16(bits)", () => {
  it("widens exactly, with infinities, subnormals and both zeros", () => {
    const bits = Uint16Array.of(0x3f80, 0xc0a0, 0x7f80, 0xff80, 0x0000, 0x8000, 0x0001);
    expect([...decodeBfloat16(bits)]).toEqual([1, -5, Infinity, -Infinity, 0, -0, 2 ** -133]);
  });
});

describe("encodeBfloat16(values)", () => {
  it("rounds to nearest, ties to even", () => {
    const ulp = 2 ** -7;
    const values = Float32Array.of(1, 1 + ulp / 2, 1 + (3 * ulp) / 2, 1 + ulp / 2 + 2 ** -20, 1 + ulp / 4);
    expect([...decodeBfloat16(encodeBfloat16(values))]).toEqual([1, 1, 1 + 2 * ulp, 1 + ulp, 1]);
  });
  it("keeps infinities, and turns values beyond the range into them", () => {
    const values = Float32Array.of(Infinity, -Infinity, 3.4e38);
    expect([...decodeBfloat16(encodeBfloat16(values))]).toEqual([Infinity, -Infinity, Infinity]);
  });
  it("keeps NaN, whose rounded bits could read as infinity or zero", () => {
    const values = new Float32Array(Uint32Array.of(0x7f800001, 0xffffffff).buffer);
    expect([...decodeBfloat16(encodeBfloat16(values))]).toEqual([NaN, NaN]);
  });
  it("reads a window of a larger buffer", () => {
    const values = Float32Array.of(0, 1, 2, 3).subarray(1, 3);
    expect([...decodeBfloat16(encodeBfloat16(values))]).toEqual([1, 2]);
  });
  it("inverts decodeBfloat16 on everything but NaN", () => {
    fc.assert(
      fc.property(fc.uint16Array(), (bits) => {
        const numbers = bits.filter((word) => (word & 0x7fff) <= 0x7f80);
        expect(encodeBfloat16(decodeBfloat16(numbers))).toEqual(numbers);
      }),
    );
  });
});

describe("decodeFloat16(bits)", () => {
  it("widens exactly, with subnormals, infinities, NaN and both zeros", () => {
    const bits = Uint16Array.of(
      0x3c00,
      0xc500,
      0x7bff,
      0x0001,
      0x03ff,
      0x0400,
      0x7c00,
      0xfc00,
      0x7e00,
      0,
      0x8000,
    );
    expect([...decodeFloat16(bits)]).toEqual([
      1,
      -5,
      65504,
      2 ** -24,
      1023 * 2 ** -24,
      2 ** -14,
      Infinity,
      -Infinity,
      NaN,
      0,
      -0,
    ]);
  });
});

describe("encodeFloat16(values)", () => {
  it("rounds to nearest, ties to even, subnormals too", () => {
    const ulp = 2 ** -10;
    const tiny = 2 ** -24;
    const values = Float32Array.of(1 + ulp / 2, 1 + 1.5 * ulp, 2 - ulp / 4, tiny / 2, 1.5 * tiny, 982.45);
    expect([...decodeFloat16(encodeFloat16(values))]).toEqual([1, 1 + 2 * ulp, 2, 0, 2 * tiny, 982.5]);
  });
  it("keeps infinities and NaN, and turns values beyond the range into infinities", () => {
    const values = Float32Array.of(Infinity, -Infinity, NaN, 65_519, 65_520, -1e30);
    expect([...decodeFloat16(encodeFloat16(values))]).toEqual([
      Infinity,
      -Infinity,
      NaN,
      65_504,
      Infinity,
      -Infinity,
    ]);
  });
  it("inverts decodeFloat16 on every pattern but NaN", () => {
    const numbers = Uint16Array.from({ length: 2 ** 16 }, (_, word) => word).filter(
      (word) => (word & 0x7fff) <= 0x7c00,
    );
    expect(encodeFloat16(decodeFloat16(numbers))).toEqual(numbers);
  });
});

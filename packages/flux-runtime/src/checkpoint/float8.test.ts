import { describe, expect, it } from "vitest";
import { decodeFloat8, float8Values } from "./float8.ts";
import { decodeFloat16 } from "./half-precision.ts";

const codes = Uint8Array.from({ length: 256 }, (_, code) => code);

/** E4M3 by the bits of the float32 that it is: its exponent is 120 less, a subnormal is a multiple of 2^-9. */
function wideE4m3(code: number): number {
  const [sign, rest] = [code >> 7, code & 0x7f];
  if (rest === 0x7f) return NaN;
  if (rest < 8) return (sign === 1 ? -rest : rest) / 512;
  const bits = new Uint32Array([(((sign << 31) >>> 0) | ((rest << 20) + (120 << 23))) >>> 0]);
  return new Float32Array(bits.buffer)[0] ?? NaN;
}

describe("decodeFloat8(codes, dtype)", () => {
  it("gives every code of F8_E4M3 its value", () => {
    expect(decodeFloat8(codes, "F8_E4M3")).toEqual(Float32Array.from(codes, wideE4m3));
  });

  it("gives every code of F8_E5M2 the value of the float16 whose upper byte it is", () => {
    expect(decodeFloat8(codes, "F8_E5M2")).toEqual(
      decodeFloat16(Uint16Array.from(codes, (code) => code << 8)),
    );
  });

  it.each([
    ["F8_E4M3", [0x7e, 0x08, 0x07, 0x01, 0x38], [448, 2 ** -6, 7 / 512, 2 ** -9, 1]],
    [
      "F8_E5M2",
      [0x7b, 0x04, 0x03, 0x01, 0x3c, 0x7c],
      [57_344, 2 ** -14, 3 * 2 ** -16, 2 ** -16, 1, Infinity],
    ],
  ] as const)("knows the largest and the smallest numbers of %s, of both signs", (dtype, bytes, values) => {
    expect([...decodeFloat8(Uint8Array.from(bytes), dtype)]).toEqual(values);
    const negative = Uint8Array.from(bytes, (code) => code | 0x80);
    expect([...decodeFloat8(negative, dtype)]).toEqual(values.map((value) => -value));
  });

  it("keeps the zero's sign, and gives NaN for nothing but NaN", () => {
    for (const [dtype, named] of [
      ["F8_E4M3", [0x7f, 0xff]],
      ["F8_E5M2", [0x7d, 0x7e, 0x7f, 0xfd, 0xfe, 0xff]],
    ] as const) {
      const values = float8Values(dtype);
      expect(Object.is(values[0], 0) && Object.is(values[0x80], -0)).toBe(true);
      expect([...codes].filter((code) => Number.isNaN(values[code]))).toEqual(named);
    }
  });
});

import { roundHalfToEven } from "../round-half-to-even.ts";

/**
 * Widens bfloat16 bit patterns to float32, exactly: bfloat16 is the upper half of a float32.
 *
 * @param bits - [N] bit patterns.
 * @returns [N] values.
 */
export function decodeBfloat16(bits: Uint16Array): Float32Array {
  const wide = new Uint32Array(bits.length);
  for (let i = 0; i < bits.length; i++) wide[i] = (bits[i] ?? 0) << 16;
  return new Float32Array(wide.buffer);
}

/**
 * Rounds float32 to bfloat16 bit patterns: to nearest, ties to even, NaN stays NaN.
 *
 * @param values - [N] values.
 * @returns [N] bit patterns.
 *
 * Source: `c10::detail::round_to_nearest_even` of PyTorch.
 */
export function encodeBfloat16(values: Float32Array): Uint16Array {
  const wide = new Uint32Array(values.buffer, values.byteOffset, values.length);
  const bits = new Uint16Array(values.length);
  for (let i = 0; i < bits.length; i++) {
    const word = wide[i] ?? 0;
    const isNaN = (word & 0x7fffffff) > 0x7f800000;
    bits[i] = isNaN ? 0x7fc0 : (word + 0x7fff + ((word >>> 16) & 1)) >>> 16;
  }
  return bits;
}

/**
 * Widens IEEE 754 binary16 bit patterns to float32, exactly, with subnormals, infinities and NaN.
 *
 * @param bits - [N] bit patterns.
 * @returns [N] values.
 */
export function decodeFloat16(bits: Uint16Array): Float32Array {
  return Float32Array.from(bits, (word) => {
    const sign = word & 0x8000 ? -1 : 1;
    const exponent = (word >> 10) & 0x1f;
    const fraction = word & 0x3ff;
    if (exponent === 0) return sign * fraction * 2 ** -24;
    if (exponent === 0x1f) return fraction === 0 ? sign * Infinity : NaN;
    return sign * (1 + fraction / 1024) * 2 ** (exponent - 15);
  });
}

/**
 * Rounds float32 to IEEE 754 binary16 bit patterns: to nearest, ties to even, with subnormals; values beyond 65,504 become
 * infinite, NaN stays NaN.
 *
 * @param values - [N] values.
 * @returns [N] bit patterns.
 */
export function encodeFloat16(values: Float32Array): Uint16Array {
  return Uint16Array.from(values, (value) => {
    const sign = value < 0 || Object.is(value, -0) ? 0x8000 : 0;
    const size = Math.abs(value);
    if (Number.isNaN(size)) return 0x7e00;
    if (size >= 65_520) return sign | 0x7c00; // halfway to the number that would follow 65,504
    const exponent = Math.max(-14, Math.floor(Math.log2(size)));
    const steps = roundHalfToEven(size * 2 ** (10 - exponent)); // exact: a product with a power of two
    // The exponent field stands above the fraction, so that a fraction that is rounded up carries into it.
    return sign | (((exponent + 14) << 10) + steps);
  });
}

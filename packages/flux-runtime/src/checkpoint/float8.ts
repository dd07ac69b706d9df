/** The 8-bit floats that weights may be stored in, by their safetensors names. */
export type Float8Dtype = "F8_E4M3" | "F8_E5M2";

/** Whether a safetensors type is one of {@link Float8Dtype}. */
export function isFloat8Dtype(dtype: string): dtype is Float8Dtype {
  return Object.hasOwn(formats, dtype);
}

interface Float8Format {
  readonly fractionBits: number;
  readonly exponentBias: number;
  /** The value of a code whose exponent bits are all set; else it is a number like any other. */
  readonly special: (fraction: number) => number | undefined;
}

/**
 * E4M3 is the variant without infinities (`float8_e4m3fn`): only the code of all ones is no number. E5M2 is the upper byte of a
 * float16.
 *
 * Source: Micikevicius et al., FP8 Formats for Deep Learning (2022), table 1.
 */
const formats: Readonly<Record<Float8Dtype, Float8Format>> = {
  F8_E4M3: {
    fractionBits: 3,
    exponentBias: 7,
    special: (fraction) => (fraction === 7 ? NaN : undefined),
  },
  F8_E5M2: {
    fractionBits: 2,
    exponentBias: 15,
    special: (fraction) => (fraction === 0 ? Infinity : NaN),
  },
};

const tables = new Map<Float8Dtype, Float32Array>();

/** The value of each of the 256 codes of a type, by its code. */
export function float8Values(dtype: Float8Dtype): Float32Array {
  const known = tables.get(dtype);
  if (known !== undefined) return known;
  const { fractionBits, exponentBias, special } = formats[dtype];
  const largestExponent = 2 ** (7 - fractionBits) - 1;
  const table = Float32Array.from({ length: 256 }, (_, code) => {
    const sign = code & 0x80 ? -1 : 1;
    const exponent = (code & 0x7f) >> fractionBits;
    const fraction = code & (2 ** fractionBits - 1);
    const size = fraction / 2 ** fractionBits;
    if (exponent === 0) return sign * size * 2 ** (1 - exponentBias);
    const named = exponent === largestExponent ? special(fraction) : undefined;
    return sign * (named ?? (1 + size) * 2 ** (exponent - exponentBias));
  });
  tables.set(dtype, table);
  return table;
}

/**
 * Widens 8-bit floats to float32, exactly, with subnormals and both zeros.
 *
 * @param codes - [N] bytes.
 * @returns [N] values.
 */
export function decodeFloat8(codes: Uint8Array, dtype: Float8Dtype): Float32Array {
  const table = float8Values(dtype);
  const values = new Float32Array(codes.length);
  for (let i = 0; i < codes.length; i += 1) values[i] = table[codes[i] as number] as number; // the table has all codes
  return values;
}

/** The numbers that ggml gives its types. */
export const GGML_TYPE = {
  F32: 0,
  F16: 1,
  Q4_0: 2,
  Q8_0: 8,
  Q3_K: 11,
  Q4_K: 12,
  Q5_K: 13,
  Q6_K: 14,
  BF16: 30,
} as const;

/** A quantised type of ggml: its block, and what it stands for. */
export interface GgmlQuantization {
  readonly length: number;
  readonly bytes: number;
  /** Where float16 numbers stand in a block. */
  readonly halves: readonly number[];
  readonly dequantize: (block: DataView) => number[];
}

/** By the definition of IEEE 754, from the bits one by one. */
function half(block: DataView, at: number): number {
  const bits = block.getUint16(at, true).toString(2).padStart(16, "0");
  const [exponent, fraction] = [parseInt(bits.slice(1, 6), 2), parseInt(bits.slice(6), 2)];
  const size = exponent === 0 ? fraction * 2 ** -24 : (1024 + fraction) * 2 ** (exponent - 25);
  return bits.startsWith("1") ? -size : size;
}

/** Scales and minima in the order of the six-bit numbers: see `get_scale_min_k4`. */
function sixBits(block: DataView, at: number): readonly (readonly [scale: number, minimum: number])[] {
  const q = Array.from({ length: 12 }, (_, i) => block.getUint8(at + i));
  const byte = (place: number): number => q[place] ?? NaN;
  return [0, 1, 2, 3]
    .map((j) => [byte(j) % 64, byte(j + 4) % 64] as const)
    .concat(
      [4, 5, 6, 7].map((j) => [
        (byte(j + 4) % 16) + 16 * Math.floor(byte(j - 4) / 64),
        Math.floor(byte(j + 4) / 16) + 16 * Math.floor(byte(j) / 64),
      ]),
    );
}

/**
 * The quantisations as ggml's own loops run through them, number after number: written apart from the code that is tested.
 *
 * Source: `dequantize_row_q4_0`, `_q8_0`, `_q4_K`, `_q5_K`, `_q6_K` of ggml (ggml-quants.c).
 */
export const ggmlQuantizations: Readonly<
  Record<"Q4_0" | "Q8_0" | "Q4_K" | "Q5_K" | "Q6_K", GgmlQuantization>
> = {
  Q4_0: {
    ...{ length: 32, bytes: 18, halves: [0] },
    dequantize(block) {
      const bytes = Array.from({ length: 16 }, (_, j) => block.getUint8(2 + j));
      const [low, high] = [bytes.map((byte) => byte % 16), bytes.map((byte) => Math.floor(byte / 16))];
      return [...low, ...high].map((code) => (code - 8) * half(block, 0));
    },
  },
  Q8_0: {
    ...{ length: 32, bytes: 34, halves: [0] },
    dequantize: (block) => Array.from({ length: 32 }, (_, j) => block.getInt8(2 + j) * half(block, 0)),
  },
  Q4_K: {
    ...{ length: 256, bytes: 144, halves: [0, 2] },
    dequantize(block) {
      const y: number[] = [];
      const scales = sixBits(block, 4);
      let [q, is] = [16, 0];
      for (let j = 0; j < 256; j += 64) {
        const [[sc1, m1] = [NaN, NaN], [sc2, m2] = [NaN, NaN]] = scales.slice(is, is + 2);
        for (let l = 0; l < 32; l += 1)
          y.push(half(block, 0) * sc1 * (block.getUint8(q + l) % 16) - half(block, 2) * m1);
        for (let l = 0; l < 32; l += 1) {
          y.push(half(block, 0) * sc2 * Math.floor(block.getUint8(q + l) / 16) - half(block, 2) * m2);
        }
        q += 32;
        is += 2;
      }
      return y;
    },
  },
  Q5_K: {
    ...{ length: 256, bytes: 176, halves: [0, 2] },
    dequantize(block) {
      const y: number[] = [];
      const scales = sixBits(block, 4);
      let [ql, is, u1, u2] = [48, 0, 1, 2];
      for (let j = 0; j < 256; j += 64) {
        const [[sc1, m1] = [NaN, NaN], [sc2, m2] = [NaN, NaN]] = scales.slice(is, is + 2);
        for (let l = 0; l < 32; l += 1) {
          const high = (block.getUint8(16 + l) & u1) === 0 ? 0 : 16;
          y.push(half(block, 0) * sc1 * ((block.getUint8(ql + l) % 16) + high) - half(block, 2) * m1);
        }
        for (let l = 0; l < 32; l += 1) {
          const high = (block.getUint8(16 + l) & u2) === 0 ? 0 : 16;
          y.push(
            half(block, 0) * sc2 * (Math.floor(block.getUint8(ql + l) / 16) + high) - half(block, 2) * m2,
          );
        }
        ql += 32;
        is += 2;
        u1 *= 4;
        u2 *= 4;
      }
      return y;
    },
  },
  Q6_K: {
    ...{ length: 256, bytes: 210, halves: [208] },
    dequantize(block) {
      const y = Array<number>(256).fill(NaN);
      const d = half(block, 208);
      for (const n of [0, 1]) {
        const [ql, qh, sc] = [64 * n, 128 + 32 * n, 192 + 8 * n];
        for (let l = 0; l < 32; l += 1) {
          const is = Math.floor(l / 16);
          const high = block.getUint8(qh + l);
          const q1 = (block.getUint8(ql + l) % 16) + 16 * (high % 4) - 32;
          const q2 = (block.getUint8(ql + l + 32) % 16) + 16 * (Math.floor(high / 4) % 4) - 32;
          const q3 = Math.floor(block.getUint8(ql + l) / 16) + 16 * (Math.floor(high / 16) % 4) - 32;
          const q4 = Math.floor(block.getUint8(ql + l + 32) / 16) + 16 * Math.floor(high / 64) - 32;
          for (const [quarter, q] of [q1, q2, q3, q4].entries()) {
            y[128 * n + 32 * quarter + l] = d * block.getInt8(sc + is + 2 * quarter) * q;
          }
        }
      }
      return y;
    },
  },
};

/** Random blocks for some numbers, and the float32 numbers that they stand for. */
export function randomBlocks(
  { length, bytes, halves, dequantize }: GgmlQuantization,
  count: number,
  seed: number,
): { readonly data: Uint8Array; readonly values: Float32Array } {
  let state = seed + 1;
  const data = Uint8Array.from({ length: (count / length) * bytes }, () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state >>> 24;
  });
  const values = new Float32Array(count);
  for (let block = 0; block < count / length; block += 1) {
    const view = new DataView(data.buffer, block * bytes, bytes);
    // From 2^-12 to 2^-11: weights of about a twentieth.
    for (const place of halves) view.setUint16(place, 0x0c00 | (view.getUint16(place, true) & 0x3ff), true);
    values.set(dequantize(view), block * length);
  }
  return { data, values };
}

import { decodeFloat16 } from "../checkpoint/half-precision.ts";

/** How numbers of one quantisation are stored: in blocks of equal length. */
export interface BlockFormat {
  /** Numbers of a block. */
  readonly length: number;
  /** Bytes of a block. */
  readonly bytes: number;
  /** Writes the numbers of the block that begins at `at` to `values`, from `to` on. */
  readonly decode: (block: Uint8Array, at: number, values: Float32Array, to: number) => void;
}

/**
 * The quantisations of GGUF that are read. A number is computed without rounding and then rounded to float32, which is what ggml
 * computes: products of a scale and a code fit float32.
 *
 * Source: `dequantize_row_*` of ggml (ggml-quants.c).
 */
export const blockFormats: Readonly<Record<string, BlockFormat>> = {
  Q4_0: { length: 32, bytes: 18, decode: decodeQ40 },
  Q8_0: { length: 32, bytes: 34, decode: decodeQ80 },
  Q4_K: { length: 256, bytes: 144, decode: decodeQ4K },
  Q5_K: { length: 256, bytes: 176, decode: decodeQ5K },
  Q6_K: { length: 256, bytes: 210, decode: decodeQ6K },
};

/** Widens whole blocks to float32. */
export function dequantize(blocks: Uint8Array, { length, bytes, decode }: BlockFormat): Float32Array {
  const count = blocks.length / bytes;
  const values = new Float32Array(count * length);
  for (let block = 0; block < count; block += 1) decode(blocks, block * bytes, values, block * length);
  return values;
}

const byteAt = (bytes: Uint8Array, place: number): number => bytes[place] as number; // blocks are whole
const signedAt = (bytes: Uint8Array, place: number): number => (byteAt(bytes, place) << 24) >> 24;

let halves: Float32Array | undefined;

/** A float16 in two bytes, the lower one first. */
function halfAt(bytes: Uint8Array, place: number): number {
  halves ??= decodeFloat16(Uint16Array.from({ length: 2 ** 16 }, (_, bits) => bits));
  return halves[byteAt(bytes, place) | (byteAt(bytes, place + 1) << 8)] as number; // the table has all patterns
}

function decodeQ80(block: Uint8Array, at: number, values: Float32Array, to: number): void {
  const scale = halfAt(block, at);
  for (let i = 0; i < 32; i += 1) values[to + i] = scale * signedAt(block, at + 2 + i);
}

function decodeQ40(block: Uint8Array, at: number, values: Float32Array, to: number): void {
  const scale = halfAt(block, at);
  for (let i = 0; i < 16; i += 1) {
    const pair = byteAt(block, at + 2 + i);
    values[to + i] = scale * ((pair & 15) - 8);
    values[to + 16 + i] = scale * ((pair >> 4) - 8);
  }
}

/** The scale and the minimum of a sub-block of 32, in 6 bits each: eight of both are packed into 12 bytes. */
function scaleAndMinimum(bytes: Uint8Array, at: number, index: number): readonly [number, number] {
  const byte = (place: number): number => byteAt(bytes, at + place);
  if (index < 4) return [byte(index) & 63, byte(index + 4) & 63];
  const low = byte(index + 4);
  return [(low & 15) | ((byte(index - 4) >> 6) << 4), (low >> 4) | ((byte(index) >> 6) << 4)];
}

function decodeQ4K(block: Uint8Array, at: number, values: Float32Array, to: number): void {
  decodeWithMinima(block, at, values, to, (part, i) => nibble(block, at + 16, part, i));
}

function decodeQ5K(block: Uint8Array, at: number, values: Float32Array, to: number): void {
  decodeWithMinima(block, at, values, to, (part, i) => {
    const fifth = (byteAt(block, at + 16 + i) >> part) & 1;
    return nibble(block, at + 48, part, i) | (fifth << 4);
  });
}

/** Code `i` of sub-block `part`: two sub-blocks share 32 bytes, the first in the lower halves. */
function nibble(block: Uint8Array, at: number, part: number, i: number): number {
  return (byteAt(block, at + 32 * (part >> 1) + i) >> (4 * (part & 1))) & 15;
}

function decodeWithMinima(
  block: Uint8Array,
  at: number,
  values: Float32Array,
  to: number,
  codeAt: (part: number, i: number) => number,
): void {
  const [scaleOfScales, scaleOfMinima] = [halfAt(block, at), halfAt(block, at + 2)];
  for (let part = 0; part < 8; part += 1) {
    const [scale, minimum] = scaleAndMinimum(block, at + 4, part);
    const [factor, offset] = [scaleOfScales * scale, scaleOfMinima * minimum];
    for (let i = 0; i < 32; i += 1) values[to + 32 * part + i] = factor * codeAt(part, i) - offset;
  }
}

function decodeQ6K(block: Uint8Array, at: number, values: Float32Array, to: number): void {
  const scaleOfScales = halfAt(block, at + 208);
  for (let i = 0; i < 256; i += 1) {
    const [half, quarter, place] = [i >> 7, (i >> 5) & 3, i & 31]; // of 128, of 32
    const low = byteAt(block, at + 64 * half + 32 * (quarter & 1) + place) >> (4 * (quarter >> 1));
    const high = byteAt(block, at + 128 + 32 * half + place) >> (2 * quarter);
    const code = ((low & 15) | ((high & 3) << 4)) - 32;
    values[to + i] = scaleOfScales * signedAt(block, at + 192 + (i >> 4)) * code;
  }
}

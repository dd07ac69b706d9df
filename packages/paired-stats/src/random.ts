import { integerAt } from "./reading.ts";

const MASK_64 = (1n << 64n) - 1n;

/** A stream of uniform 32-bit words. */
export type RandomWords = () => number;

/**
 * The random stream behind every seeded result of this package: xoshiro128** 1.1 (Blackman & Vigna 2018,
 * https://prng.di.unimi.it/xoshiro128starstar.c), its state filled by two SplitMix64 outputs, low word first.
 *
 * @param seed - a whole number; the same seed gives the same stream on every machine.
 */
export function randomWords(seed: number): RandomWords {
  const split = splitMix64(BigInt(seed));
  const [first, second] = [split(), split()];
  return xoshiro128StarStar([
    Number(first & 0xffffffffn),
    Number(first >> 32n),
    Number(second & 0xffffffffn),
    Number(second >> 32n),
  ]);
}

/** xoshiro128** 1.1 from its four words of state. */
export function xoshiro128StarStar(state: readonly [number, number, number, number]): RandomWords {
  let [a, b, c, d] = state;
  return () => {
    const result = Math.imul(rotateLeft(Math.imul(b, 5), 7), 9) >>> 0;
    const shifted = b << 9;
    c ^= a;
    d ^= b;
    b ^= c;
    a ^= d;
    c ^= shifted;
    d = rotateLeft(d, 11);
    return result;
  };
}

/** SplitMix64 (Steele, Lea & Flood 2014; https://prng.di.unimi.it/splitmix64.c). */
export function splitMix64(seed: bigint): () => bigint {
  let state = seed & MASK_64;
  return () => {
    state = (state + 0x9e3779b97f4a7c15n) & MASK_64;
    let mixed = state;
    mixed = ((mixed ^ (mixed >> 30n)) * 0xbf58476d1ce4e5b9n) & MASK_64;
    mixed = ((mixed ^ (mixed >> 27n)) * 0x94d049bb133111ebn) & MASK_64;
    return mixed ^ (mixed >> 31n);
  };
}

/** A uniform whole number from 0 to `below` − 1, without bias (rejection of the words beyond the last whole multiple). */
export function randomBelow(words: RandomWords, below: number): number {
  const limit = 0x1_0000_0000 - (0x1_0000_0000 % below);
  for (;;) {
    const word = words();
    if (word < limit) return word % below;
  }
}

/** A random order of 0 … `length` − 1 (Fisher–Yates from the end). */
export function randomOrder(words: RandomWords, length: number): Uint32Array {
  const order = Uint32Array.from({ length }, (_, index) => index);
  for (let last = length - 1; last > 0; last -= 1) {
    const chosen = randomBelow(words, last + 1);
    const kept = integerAt(order, last);
    order[last] = integerAt(order, chosen);
    order[chosen] = kept;
  }
  return order;
}

function rotateLeft(word: number, by: number): number {
  return (word << by) | (word >>> (32 - by));
}

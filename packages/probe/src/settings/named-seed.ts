import { sha256 } from "../sha256.ts";

/**
 * A seed for one purpose. Two things that are drawn with the same number, such as the units that an effect is planted in and
 * the sets that they are held against, must not be drawn alike.
 *
 * @returns From 0 to 2^32 − 1.
 */
export function namedSeed(purpose: string, seed: number): number {
  return Number.parseInt(sha256(`${purpose}/${seed}`).slice(0, 8), 16);
}

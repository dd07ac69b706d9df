/**
 * Uniform numbers from 0 to 1, 1 excluded, that the seed (a whole number from 0 to 2^53 − 1) decides on every machine.
 *
 * Source: the sfc32 generator of PractRand, seeded with the two halves of the seed and 12 rounds of warming up.
 */
export function createRandomNumbers(seed: number): () => number {
  let a = 0;
  let b = seed >>> 0;
  let c = Math.floor(seed / 2 ** 32) >>> 0;
  let counter = 1;
  const next = (): number => {
    const sum = (a + b + counter) >>> 0;
    counter = (counter + 1) >>> 0;
    a = b ^ (b >>> 9);
    b = (c + (c << 3)) >>> 0;
    c = (((c << 21) | (c >>> 11)) + sum) >>> 0;
    return sum / 2 ** 32;
  };
  for (let round = 0; round < 12; round += 1) next();
  return next;
}

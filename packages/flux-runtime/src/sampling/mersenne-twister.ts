/** A stream of 32-bit words. */
export interface MersenneTwister {
  /** The next word, in [0, 2^32). */
  readonly nextUint32: () => number;
}

const STATE_SIZE = 624;
const SHIFT_SIZE = 397;

/**
 * The MT19937 generator, seeded with one 32-bit word.
 *
 * @param seed - In [0, 2^32).
 *
 * Source: M. Matsumoto and T. Nishimura, "Mersenne Twister", ACM TOMACS 8(1), 1998, with the initialisation of 2002;
 * the same stream as `at::mt19937` of PyTorch.
 */
export function createMersenneTwister(seed: number): MersenneTwister {
  const state = new Uint32Array(STATE_SIZE);
  let word = seed >>> 0;
  state[0] = word;
  for (let i = 1; i < STATE_SIZE; i++) {
    word = (Math.imul(1812433253, word ^ (word >>> 30)) + i) >>> 0;
    state[i] = word;
  }
  let next = STATE_SIZE;

  const renew = (): void => {
    for (let i = 0; i < STATE_SIZE; i++) {
      const upper = (state[i] ?? 0) & 0x80000000;
      const lower = (state[(i + 1) % STATE_SIZE] ?? 0) & 0x7fffffff;
      const odd = lower & 1 ? 0x9908b0df : 0;
      state[i] = (state[(i + SHIFT_SIZE) % STATE_SIZE] ?? 0) ^ ((upper | lower) >>> 1) ^ odd;
    }
    next = 0;
  };

  return {
    nextUint32: () => {
      if (next === STATE_SIZE) renew();
      let tempered = state[next++] ?? 0;
      tempered ^= tempered >>> 11;
      tempered ^= (tempered << 7) & 0x9d2c5680;
      tempered ^= (tempered << 15) & 0xefc60000;
      tempered ^= tempered >>> 18;
      return tempered >>> 0;
    },
  };
}

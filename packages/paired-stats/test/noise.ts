import type { Matrix } from "../src/matrix.ts";
import { randomWords } from "../src/random.ts";

/** Gaussian noise `[pairs, units]` from a seed (Box–Muller), with an effect in standard deviations per unit. */
export function noise(
  pairs: number,
  units: number,
  seed: number,
  effect: (unit: number) => number = () => 0,
): Matrix {
  const words = randomWords(seed);
  const uniform = (): number => (words() + 0.5) / 2 ** 32;
  const data = Float64Array.from({ length: pairs * units }, (_, at) => {
    const radius = Math.sqrt(-2 * Math.log(uniform()));
    return radius * Math.cos(2 * Math.PI * uniform()) + effect(at % units);
  });
  return { data, shape: [pairs, units] };
}

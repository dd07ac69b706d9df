const { cos, exp, fround, log, sin } = Math;

const LONGEST_PERIOD = 10_000;

/**
 * The frequencies of a timestep's sinusoids, in float32: falling from 1.
 *
 * @param size - Sinusoids, an even number: as many cosines as sines.
 * @returns [size / 2].
 *
 * Source: diffusers `get_timestep_embedding` (models/embeddings.py).
 */
export function timestepFrequencies(size: number): number[] {
  const half = size / 2;
  return Array.from({ length: half }, (_, i) => fround(exp(fround(fround(-log(LONGEST_PERIOD) * i) / half))));
}

/**
 * The sinusoids by which the transformer knows its timestep, cosines first.
 *
 * @param timesteps - [B], 0 … 1000.
 * @param size - Sinusoids of a timestep.
 * @returns [B · size].
 */
export function timestepWaves(timesteps: readonly number[], size: number): Float32Array {
  const frequencies = timestepFrequencies(size);
  return Float32Array.from(
    timesteps.flatMap((timestep) => {
      const angles = frequencies.map((frequency) => fround(timestep * frequency));
      return [...angles.map(cos), ...angles.map(sin)];
    }),
  );
}

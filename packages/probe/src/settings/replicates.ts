/**
 * What is varied although it has nothing to do with the prompts. Every pass is repeated under each combination, and the
 * repetitions are averaged within a pair and condition before anything is tested.
 */
export interface NuisanceSettings {
  /** Seeds of the noise; one for each repetition. */
  readonly noiseSeeds: readonly number[];
  /** `shared`: the two prompts of a pair, and all pairs, see the same noise. `independent`: every pass sees its own. */
  readonly noise: "shared" | "independent";
  /** Noise levels, each above 0 and up to 1; below 1 the noise is blended with the image that conditions the pass. */
  readonly sigmas: readonly number[];
}

/** One combination. */
export interface Replicate {
  /** Which of the run's fixed images, from 0; `null` if it has none. */
  readonly reference: number | null;
  /** Of the noise that the image is made from. */
  readonly noiseSeed: number;
  /** The noise level, above 0 and up to 1. */
  readonly sigma: number;
}

/** What is varied, and the run's fixed images, of which only the number counts. */
export interface ReplicatedSettings extends NuisanceSettings {
  /** The fixed images; none if the prompt set has none. */
  readonly references: readonly unknown[];
}

/** Every combination of fixed image, noise seed and noise level, the last varying fastest. */
export function listReplicates({ references, noiseSeeds, sigmas }: ReplicatedSettings): Replicate[] {
  const images = references.length === 0 ? [null] : [...references.keys()];
  return images.flatMap((reference) =>
    noiseSeeds.flatMap((noiseSeed) => sigmas.map((sigma) => ({ reference, noiseSeed, sigma }))),
  );
}

/** The seed of a pass's noise: no two passes of one image and noise level share one where the noise is independent. */
export function seedOfPass(
  { noiseSeeds, noise }: NuisanceSettings,
  { noiseSeed }: Replicate,
  { pair, condition }: { readonly pair: number; readonly condition: 0 | 1 },
): number {
  return noise === "shared" ? noiseSeed : noiseSeed + noiseSeeds.length * (2 * pair + condition);
}

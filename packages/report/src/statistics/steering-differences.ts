import type { Steering } from "@measure-plantain/probe";
import { mean } from "d3-array";

/** How far the images of a set are from the unsteered ones. */
export interface SetDifferences {
  /** As `top 10`. */
  readonly name: string;
  /** Addresses. */
  readonly units: readonly string[];
  /** The mean of the units' |t|. */
  readonly meanAbsT: number;
  /** For each factor the mean over all prompts and seeds, of 255; `null` if no image is there yet. */
  readonly differences: readonly (number | null)[];
}

/** How far the images of each set are from the unsteered ones, for each factor of the settings. */
export function listSetDifferences({ settings, sets, images }: Steering): SetDifferences[] {
  return sets.map((set, index) => ({
    ...set,
    differences: settings.scale.map((scale) => {
      const own = images.filter((image) => image.set === index && image.scale === scale);
      return mean(own, ({ difference }) => difference) ?? null;
    }),
  }));
}

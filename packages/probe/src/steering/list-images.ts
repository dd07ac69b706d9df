import { sha256 } from "../sha256.ts";
import type { SteeredImage, SteeredSet, SteeringSettings } from "./steering.ts";

/** An image that a steering consists of, before it is rendered. */
export type PlannedImage = Omit<SteeredImage, "sha256" | "difference">;

/** The file of the unsteered image of a prompt and a seed, in the folder `steering`. */
export function nameUnsteered({ prompt, seed }: Pick<PlannedImage, "prompt" | "seed">): string {
  return `prompt-${prompt + 1}-seed-${seed}.png`;
}

/** Lists the images of a steering: for each prompt and seed the unsteered one, then each set by each factor. */
export function listImages(
  { prompts, seeds, scale, rendering }: SteeringSettings,
  sets: readonly SteeredSet[],
  capturesSha256: string | null,
): PlannedImage[] {
  const plan = (prompt: number, seed: number, set: number | null, factor: number): PlannedImage => {
    const { name = "", units = [] } = set === null ? {} : (sets[set] ?? {});
    const slug = `-${name.replaceAll(/[^a-z0-9]+/g, "-")}-x${factor}.png`;
    const unsteered = nameUnsteered({ prompt, seed });
    const input = [capturesSha256, rendering, prompts[prompt], seed, units.toSorted(), factor];
    return {
      file: set === null ? unsteered : unsteered.replace(/\.png$/, slug),
      key: sha256(JSON.stringify(input)).slice(0, 16),
      prompt,
      seed,
      set,
      scale: factor,
    };
  };
  return [...prompts.keys()].flatMap((prompt) =>
    seeds.flatMap((seed) => [
      plan(prompt, seed, null, 1),
      ...[...sets.keys()].flatMap((set) => scale.map((factor) => plan(prompt, seed, set, factor))),
    ]),
  );
}

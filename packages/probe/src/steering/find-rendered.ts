import type { RunFolder } from "../run-folder/run-folder.ts";
import type { PlannedImage } from "./list-images.ts";
import { type SteeredImage, STEERING_FOLDER } from "./steering.ts";

/**
 * Finds the images that need not be rendered again: those whose file is what was written, and that depend on the same. An
 * unsteered image that is gone is rendered with all that are compared with it.
 *
 * @param before - The images of the steering that the folder holds.
 * @returns By file, with their places in the new steering.
 */
export async function findRendered(
  run: RunFolder,
  planned: readonly PlannedImage[],
  before: readonly SteeredImage[],
): Promise<Map<string, SteeredImage>> {
  const known = new Map(before.map((image) => [image.file, image]));
  const found = new Map<string, SteeredImage>();
  let isCompared = false;
  for (const plan of planned) {
    const image = known.get(plan.file);
    const isThere =
      image?.key === plan.key &&
      (await run.sha256(`${STEERING_FOLDER}/${plan.file}`).catch(() => null)) === image.sha256;
    if (plan.set === null) isCompared = isThere; // it comes before those that are compared with it
    if (isThere && isCompared) found.set(plan.file, { ...image, ...plan });
  }
  return found;
}

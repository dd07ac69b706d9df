import { readImage } from "@measure-plantain/flux-runtime";
import { readCaptures } from "../run-folder/read-captures.ts";
import type { RunFolder } from "../run-folder/run-folder.ts";
import { chooseSteeredSets } from "./choose-steered-sets.ts";
import { imageDifference } from "./image-difference.ts";
import { listImages, nameUnsteered } from "./list-images.ts";
import { type Steering, STEERING_FOLDER } from "./steering.ts";

/**
 * Checks a steering against the run that it belongs to: its sets are those that the captures rank and the seed draws, every
 * image is there and has the bytes that were written, and its difference is recomputed. Nothing is rendered again.
 *
 * @returns What is wrong, or `null`.
 */
export async function verifySteering(folder: RunFolder, steering: Steering): Promise<string | null> {
  const manifest = await folder.readManifest();
  const { capturesSha256, settings, sets, images } = steering;
  if (capturesSha256 !== manifest.capturesSha256) return "it was made with other captures";
  const captures = await readCaptures(folder, manifest, { acceptChanged: true });
  if (JSON.stringify(chooseSteeredSets(captures, settings)) !== JSON.stringify(sets))
    return "its sets are not those of the run and the seed";
  const planned = listImages(settings, sets, capturesSha256);
  if (images.length < planned.length)
    return `${planned.length - images.length} of its images are not rendered`;
  const read = (file: string): ReturnType<typeof readImage> => readImage(folder.file(STEERING_FOLDER, file));
  for (const [index, { sha256, difference, ...image }] of images.entries()) {
    const { file } = image;
    if (JSON.stringify(image, orderOf(image)) !== JSON.stringify(planned[index], orderOf(image)))
      return `${file} is not an image of its settings`;
    if ((await folder.sha256(`${STEERING_FOLDER}/${file}`).catch(() => null)) !== sha256)
      return `${file} is gone, or has other bytes than were written`;
    if (imageDifference(await read(file), await read(nameUnsteered(image))) !== difference)
      return `the difference of ${file} is not that of the images`;
  }
  return null;
}

/** The fields of an object, sorted, for JSON that does not depend on their order. */
function orderOf(object: object): string[] {
  return Object.keys(object).sort();
}

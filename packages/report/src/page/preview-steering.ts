import { type RunFolder, type Steering, STEERING_FOLDER } from "@measure-plantain/probe";
import { readFile } from "node:fs/promises";
import { previewImage, type PreviewImage } from "./preview-image.ts";

/** The longest side of a steered image on the page, in pixels. */
const LONGEST_SIDE = 224;

/** All of a page's previews together, in bytes before they are encoded as text: the page stays under 6 MB. */
const MOST_BYTES = 2_000_000;

/** A steering and what the page shows of its images. */
export interface SteeringSheet {
  readonly steering: Steering;
  /** By file; those that the page has no room for, or that are gone, are left out. */
  readonly previews: ReadonlyMap<string, PreviewImage>;
}

/** Makes small copies of a steering's images, in their order, as many as the page has room for. */
export async function previewSteering(
  run: RunFolder,
  steering: Steering,
  { mostBytes = MOST_BYTES }: { readonly mostBytes?: number } = {},
): Promise<SteeringSheet> {
  const previews = new Map<string, PreviewImage>();
  let bytes = 0;
  for (const { file } of steering.images) {
    const content = await readFile(run.file(STEERING_FOLDER, file)).catch(() => null);
    if (content === null) continue;
    const preview = await previewImage(content, { longestSide: LONGEST_SIDE });
    bytes += preview.image.length;
    if (bytes > mostBytes) break;
    previews.set(file, preview);
  }
  return { steering, previews };
}

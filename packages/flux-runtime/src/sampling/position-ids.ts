import type { Tensor } from "../tensor.ts";
import type { LatentSize } from "./latent-layout.ts";

/** Axes of a position: image index (t), row (h), column (w), place in the text (l). */
const AXES = 4;

/** The distance on the t axis from the image that is made to the first reference image, and between those. */
const REFERENCE_STRIDE = 10;

/**
 * Positions of text tokens: (0, 0, 0, l), with l counting from 0.
 *
 * @returns [length, 4].
 *
 * Source: `Flux2KleinPipeline._prepare_text_ids` in diffusers.
 */
export function textPositionIds(length: number): Tensor {
  const data = new Float32Array(length * AXES);
  for (let l = 0; l < length; l++) data[l * AXES + 3] = l;
  return { data, shape: [length, AXES] };
}

/**
 * Positions of the image that is made, row by row: (0, h, w, 0).
 *
 * @param size - In tokens: the image's pixels divided by 16.
 * @returns [height·width, 4].
 *
 * Source: `Flux2KleinPipeline._prepare_latent_ids` in diffusers.
 */
export function latentPositionIds(size: LatentSize): Tensor {
  return gridPositionIds([size], () => 0);
}

/**
 * Positions of reference images, one after the other, row by row: (10·(i + 1), h, w, 0) for the i-th image from 0.
 *
 * @param sizes - Of each image in tokens: its pixels divided by 16.
 * @returns [Σ height·width, 4].
 *
 * Source: `Flux2KleinPipeline._prepare_image_ids` in diffusers.
 */
export function referencePositionIds(sizes: readonly LatentSize[]): Tensor {
  return gridPositionIds(sizes, (image) => REFERENCE_STRIDE * (image + 1));
}

function gridPositionIds(sizes: readonly LatentSize[], timeOf: (image: number) => number): Tensor {
  const length = sizes.reduce((sum, { height, width }) => sum + height * width, 0);
  const data = new Float32Array(length * AXES);
  let offset = 0;
  for (const [image, { height, width }] of sizes.entries()) {
    for (let h = 0; h < height; h++) {
      for (let w = 0; w < width; w++, offset += AXES) {
        data.set([timeOf(image), h, w, 0], offset);
      }
    }
  }
  return { data, shape: [length, AXES] };
}

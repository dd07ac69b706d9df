import { FluxRuntimeError } from "../errors.ts";
import type { Tensor } from "../tensor.ts";
import { takeTurns } from "../take-turns.ts";
import { resizeLanczos } from "./resize-lanczos.ts";
import { requireRgbImage, type RgbImage } from "./rgb-image.ts";

/** How the autoencoder cuts images up. */
export interface PrepareConditionImageOptions {
  /** Width and height are cut to a multiple of it: the autoencoder's scale factor times its patch size, 16 for Klein. */
  readonly multipleOf?: number;
}

const SHORTEST_SIDE = 64;
const LARGEST_ASPECT_RATIO = 8;
/** Images with more pixels are reduced to about this many. */
const LARGEST_AREA = 1024 * 1024;
/** What a level from 0 to 255 becomes, with the rounding of float32. */
const valueOfLevel = Float32Array.from({ length: 256 }, (_, level) => 2 * Math.fround(level / 255) - 1);

/**
 * Prepares a reference image as the pipeline does: reduces it where it is larger than a megapixel, cuts it about its
 * centre to sizes that the autoencoder takes, and maps it to [−1, 1].
 *
 * The event loop turns between short pieces of the work.
 *
 * @returns [1, 3, H, W] in [−1, 1].
 * @throws {FluxRuntimeError} `invalid-argument` where the data is not width × height × 3; `unsuitable-image` where a side is below 64 pixels (or below `multipleOf`), or one side is
 * more than 8 times the other.
 *
 * Source: `Flux2KleinPipeline.__call__`, step 4, `Flux2ImageProcessor` and `VaeImageProcessor.preprocess` in diffusers.
 */
export async function prepareConditionImage(
  image: RgbImage,
  { multipleOf = 16 }: PrepareConditionImageOptions = {},
): Promise<Tensor> {
  requireRgbImage(image);
  checkSize(image, multipleOf);
  const reduced = await reduceToArea(image);
  const width = Math.floor(reduced.width / multipleOf) * multipleOf;
  const height = Math.floor(reduced.height / multipleOf) * multipleOf;
  const left = Math.floor((reduced.width - width) / 2);
  const top = Math.floor((reduced.height - height) / 2);

  const data = new Float32Array(3 * height * width);
  const turn = takeTurns();
  for (let channel = 0, out = 0; channel < 3; channel++) {
    for (let y = 0; y < height; y++) {
      for (let x = 0; x < width; x++) {
        const level = reduced.data[((top + y) * reduced.width + left + x) * 3 + channel] ?? 0;
        data[out++] = valueOfLevel[level] ?? 0;
      }
      await turn();
    }
  }
  return { data, shape: [1, 3, height, width] };
}

function checkSize({ width, height }: RgbImage, multipleOf: number): void {
  const shortest = Math.max(SHORTEST_SIDE, multipleOf);
  if (Math.min(width, height) < shortest) {
    throw new FluxRuntimeError(
      "unsuitable-image",
      `The image has ${width} × ${height} pixels, but each side must have ${shortest} or more. Use a larger image.`,
      { width, height, expected: shortest },
    );
  }
  const ratio = Math.max(width / height, height / width);
  if (ratio > LARGEST_ASPECT_RATIO) {
    throw new FluxRuntimeError(
      "unsuitable-image",
      `The image has ${width} × ${height} pixels, a ratio of ${ratio.toFixed(1)} : 1, but ${LARGEST_ASPECT_RATIO} : 1 is the most. Cut it to a squarer shape.`,
      { width, height, ratio, expected: LARGEST_ASPECT_RATIO },
    );
  }
}

async function reduceToArea(image: RgbImage): Promise<RgbImage> {
  const area = image.width * image.height;
  if (area <= LARGEST_AREA) return image;
  const scale = Math.sqrt(LARGEST_AREA / area);
  return resizeLanczos(image, {
    width: Math.trunc(image.width * scale),
    height: Math.trunc(image.height * scale),
  });
}

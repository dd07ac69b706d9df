import type { Checkpoint } from "../checkpoint/checkpoint.ts";
import { FluxRuntimeError } from "../errors.ts";
import type { LatentSize } from "../sampling/latent-layout.ts";
import { pixelsPerToken } from "./image-latents.ts";

/**
 * The grid of tokens that an image of this size has.
 *
 * @throws {FluxRuntimeError} `invalid-argument` where a side is no positive multiple of the pixels that a token covers.
 */
export function tokenGrid(checkpoint: Checkpoint, pixels: LatentSize): LatentSize {
  const multiple = pixelsPerToken(checkpoint);
  for (const [side, length] of [
    ["width", pixels.width],
    ["height", pixels.height],
  ] as const) {
    if (Number.isSafeInteger(length) && length > 0 && length % multiple === 0) continue;
    const nearest = Math.max(multiple, Math.round(length / multiple) * multiple);
    throw new FluxRuntimeError(
      "invalid-argument",
      `The ${side} must be a positive multiple of ${multiple} pixels, but is ${length}. Use ${nearest}, for example.`,
      { side, received: length, multiple },
    );
  }
  return { height: pixels.height / multiple, width: pixels.width / multiple };
}

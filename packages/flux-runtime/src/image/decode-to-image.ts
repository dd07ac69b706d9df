import { FluxRuntimeError } from "../errors.ts";
import { roundHalfToEven } from "../round-half-to-even.ts";
import { takeTurns } from "../take-turns.ts";
import { requireTensor, type Tensor } from "../tensor.ts";
import type { RgbImage } from "./rgb-image.ts";

/**
 * Turns what the autoencoder decodes into an 8-bit image. The event loop turns between short pieces of the work.
 *
 * @param decoded - [1, 3, H, W], −1 for black and 1 for full; what lies outside is clamped.
 * @throws {FluxRuntimeError} `invalid-argument` for another shape, data that do not fit it, and where a value is NaN.
 *
 * Source: `VaeImageProcessor.postprocess` and `numpy_to_pil` in diffusers; numpy rounds halves to even.
 */
export async function decodeToImage(decoded: Tensor): Promise<RgbImage> {
  const { data: values, shape } = decoded;
  const [batch, channels, height, width] = shape;
  if (shape.length !== 4 || batch !== 1 || channels !== 3 || height === undefined || width === undefined) {
    throw new FluxRuntimeError(
      "invalid-argument",
      `A decoded image must have the shape [1, 3, H, W], but has [${shape.join(", ")}]. Decode one image at a time.`,
      { shape },
    );
  }
  requireTensor("decoded image", decoded);
  const data = new Uint8Array(height * width * 3);
  const turn = takeTurns();
  for (let channel = 0; channel < 3; channel++) {
    for (let row = 0; row < height; row++) {
      const first = row * width;
      for (let column = 0; column < width; column++) {
        const value = values[channel * height * width + first + column] ?? NaN;
        if (Number.isNaN(value)) throw notANumber(channel, row, column);
        const share = Math.min(Math.max(Math.fround(Math.fround(value * 0.5) + 0.5), 0), 1);
        data[(first + column) * 3 + channel] = roundHalfToEven(Math.fround(share * 255));
      }
      await turn();
    }
  }
  return { width, height, data };
}

function notANumber(channel: number, row: number, column: number): FluxRuntimeError {
  return new FluxRuntimeError(
    "invalid-argument",
    `The decoded image is not a number (NaN) at channel ${channel}, row ${row}, column ${column}. The model diverged: check the weights and the element type it ran in.`,
    { channel, row, column },
  );
}

import { FluxRuntimeError } from "../errors.ts";
import { requireTensor, type Tensor } from "../tensor.ts";

/** A size in latent positions. */
export interface LatentSize {
  /** Rows. */
  readonly height: number;
  /** Columns. */
  readonly width: number;
}

/**
 * Turns latents into tokens, row by row.
 *
 * @param latents - [..., C, H, W].
 * @returns [..., H·W, C].
 * @throws {FluxRuntimeError} `invalid-argument` where there are fewer than three axes, or data do not fit their shape.
 *
 * Source: `Flux2KleinPipeline._pack_latents` in diffusers.
 */
export function packLatents(latents: Tensor): Tensor {
  const { leading, channels, height, width } = imageAxes(latents);
  return {
    data: transpose(latents.data, channels, height * width),
    shape: [...leading, height * width, channels],
  };
}

/**
 * Turns tokens back into latents; inverts {@link packLatents}.
 *
 * @param tokens - [..., H·W, C].
 * @returns [..., C, H, W].
 * @throws {FluxRuntimeError} `invalid-argument` where the number of tokens is not height × width, or data do not fit their
 * shape.
 *
 * Source: `Flux2KleinPipeline._unpack_latents_with_ids` in diffusers, whose ids are always in row order.
 */
export function unpackLatents(tokens: Tensor, { height, width }: LatentSize): Tensor {
  const [length = 0, channels = 0] = tokens.shape.slice(-2);
  if (tokens.shape.length < 2 || length !== height * width) {
    throw new FluxRuntimeError(
      "invalid-argument",
      `Tokens of ${height} × ${width} positions must have the shape [..., ${height * width}, C], but have [${tokens.shape.join(", ")}]. Give the size that they were packed from.`,
      { shape: tokens.shape, height, width },
    );
  }
  requireTensor("tokens", tokens);
  const leading = tokens.shape.slice(0, -2);
  return { data: transpose(tokens.data, length, channels), shape: [...leading, channels, height, width] };
}

/**
 * Folds each patch of 2 × 2 positions into channels.
 *
 * @param latents - [..., C, H, W] with even H and W.
 * @returns [..., 4·C, H/2, W/2]; channel 4·c + 2·dy + dx comes from row dy and column dx of the patch.
 * @throws {FluxRuntimeError} `invalid-argument` where H or W is odd, there are fewer than three axes, or data do not fit
 * their shape.
 *
 * Source: `Flux2KleinPipeline._patchify_latents` in diffusers.
 */
export function patchifyLatents(latents: Tensor): Tensor {
  const { leading, channels, height, width } = imageAxes(latents);
  if (height % 2 !== 0 || width % 2 !== 0) {
    throw new FluxRuntimeError(
      "invalid-argument",
      `Latents can be cut into 2 × 2 patches only where height and width are even, but they have ${height} × ${width}. Give the image a size that is a multiple of 16.`,
      { shape: latents.shape },
    );
  }
  const data = new Float32Array(latents.data.length);
  movePatches(channels * leading.reduce((a, b) => a * b, 1), height, width, (flat, patched) => {
    data[patched] = latents.data[flat] ?? 0;
  });
  return { data, shape: [...leading, channels * 4, height / 2, width / 2] };
}

/**
 * Unfolds channels into patches of 2 × 2 positions; inverts {@link patchifyLatents}.
 *
 * @param latents - [..., 4·C, H, W].
 * @returns [..., C, 2·H, 2·W].
 * @throws {FluxRuntimeError} `invalid-argument` where the channels are no multiple of 4, there are fewer than three axes,
 * or data do not fit their shape.
 *
 * Source: `Flux2KleinPipeline._unpatchify_latents` in diffusers.
 */
export function unpatchifyLatents(latents: Tensor): Tensor {
  const { leading, channels, height, width } = imageAxes(latents);
  if (channels % 4 !== 0) {
    throw new FluxRuntimeError(
      "invalid-argument",
      `Channels unfold into 2 × 2 patches only where they are a multiple of 4, but there are ${channels} in [${latents.shape.join(", ")}]. Give latents that were patched.`,
      { shape: latents.shape },
    );
  }
  const data = new Float32Array(latents.data.length);
  const planes = (channels / 4) * leading.reduce((a, b) => a * b, 1);
  movePatches(planes, height * 2, width * 2, (flat, patched) => {
    data[flat] = latents.data[patched] ?? 0;
  });
  return { data, shape: [...leading, channels / 4, height * 2, width * 2] };
}

/** Visits every position of `planes` × H × W with its index before and after folding 2 × 2 patches. */
function movePatches(
  planes: number,
  height: number,
  width: number,
  visit: (flat: number, patched: number) => void,
): void {
  const patchPlane = (height / 2) * (width / 2);
  for (let plane = 0, flat = 0; plane < planes; plane++) {
    for (let y = 0; y < height; y++) {
      for (let x = 0; x < width; x++, flat++) {
        const channel = plane * 4 + (y % 2) * 2 + (x % 2);
        visit(flat, channel * patchPlane + (y >> 1) * (width / 2) + (x >> 1));
      }
    }
  }
}

/** [N, rows, columns] → [N, columns, rows], with N from the length. */
function transpose(data: Float32Array, rows: number, columns: number): Float32Array {
  const out = new Float32Array(data.length);
  const size = rows * columns;
  for (let start = 0; start < data.length; start += size) {
    for (let row = 0; row < rows; row++) {
      for (let column = 0; column < columns; column++) {
        out[start + column * rows + row] = data[start + row * columns + column] ?? 0;
      }
    }
  }
  return out;
}

interface ImageAxes extends LatentSize {
  readonly leading: readonly number[];
  readonly channels: number;
}

function imageAxes(latents: Tensor): ImageAxes {
  const { shape } = latents;
  const [channels, height, width] = shape.slice(-3);
  if (channels === undefined || height === undefined || width === undefined) {
    throw new FluxRuntimeError(
      "invalid-argument",
      `Latents must have the axes [..., C, H, W], but have [${shape.join(", ")}]. Add the axes that are missing.`,
      { shape },
    );
  }
  requireTensor("latents", latents);
  return { leading: shape.slice(0, -3), channels, height, width };
}

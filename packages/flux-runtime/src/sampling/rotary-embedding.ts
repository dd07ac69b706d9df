import { FluxRuntimeError } from "../errors.ts";
import type { Tensor } from "../tensor.ts";

/** How positions become angles. */
export interface RotaryEmbeddingOptions {
  /** How many of a head's channels each axis of a position turns; all even. */
  readonly axesDims: readonly number[];
  /** The base of the frequencies: 2000 for FLUX.2. */
  readonly theta: number;
}

/** The caches of a rotary embedding, one angle for each pair of neighbouring channels. */
export interface RotaryEmbedding {
  /** [S, headDim / 2]. */
  readonly cos: Tensor;
  /** [S, headDim / 2]. */
  readonly sin: Tensor;
}

/**
 * Cosines and sines for turning queries and keys by their positions.
 *
 * Column j belongs to the channels 2·j and 2·j + 1 of a head (interleaved pairs), and is not repeated for the second,
 * as ONNX RotaryEmbedding with `interleaved = 1` takes it; the reference repeats each value. The columns of the axes
 * follow each other. Angles are float64, as in the reference, and are rounded only as cosine and sine.
 *
 * @param ids - [S, axes] positions.
 * @throws {FluxRuntimeError} `invalid-argument` where the ids have another number of axes, or a dimension is odd.
 *
 * Source: `Flux2PosEmbed` and `get_1d_rotary_pos_embed` in diffusers.
 */
export function createRotaryEmbedding(
  ids: Tensor,
  { axesDims, theta }: RotaryEmbeddingOptions,
): RotaryEmbedding {
  const [length = 0, axes] = ids.shape;
  if (ids.shape.length !== 2 || axes !== axesDims.length || axesDims.some((dim) => dim % 2 !== 0)) {
    throw new FluxRuntimeError(
      "invalid-argument",
      `Position ids must be [S, ${axesDims.length}] for the even axis dimensions [${axesDims.join(", ")}], but are [${ids.shape.join(", ")}]. Check axes_dims_rope of the transformer's configuration.`,
      { shape: ids.shape, axesDims },
    );
  }
  // One entry a column: the axis that it reads and its frequency.
  const columns = axesDims.flatMap((dim, axis) =>
    Array.from({ length: dim / 2 }, (_, i) => ({ axis, frequency: 1 / theta ** ((2 * i) / dim) })),
  );
  const cos = new Float32Array(length * columns.length);
  const sin = new Float32Array(length * columns.length);
  for (let token = 0, out = 0; token < length; token++) {
    for (const { axis, frequency } of columns) {
      const angle = (ids.data[token * axesDims.length + axis] ?? 0) * frequency;
      cos[out] = Math.cos(angle);
      sin[out++] = Math.sin(angle);
    }
  }
  const shape = [length, columns.length];
  return { cos: { data: cos, shape }, sin: { data: sin, shape } };
}

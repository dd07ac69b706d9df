import { FluxRuntimeError } from "../errors.ts";
import { requireTensor, type Tensor } from "../tensor.ts";

/** How much of the noise is taken. */
export interface ScaleNoiseOptions {
  /** From 0, the latents alone, to 1, the noise alone. */
  readonly sigma: number;
}

/**
 * The forward process of flow matching: sigma · noise + (1 − sigma) · latents, in float32 as in the reference.
 *
 * @param latents - Of a clean image; any shape.
 * @param noise - Of the same shape.
 * @returns The latents at the noise level `sigma`.
 * @throws {FluxRuntimeError} `invalid-argument` where the shapes differ, data do not fit them, or sigma lies outside 0 … 1.
 *
 * Source: `FlowMatchEulerDiscreteScheduler.scale_noise` in diffusers.
 */
export function scaleNoise(latents: Tensor, noise: Tensor, { sigma }: ScaleNoiseOptions): Tensor {
  if (latents.shape.join() !== noise.shape.join()) {
    throw new FluxRuntimeError(
      "invalid-argument",
      `Latents and noise must have one shape, but have [${latents.shape.join(", ")}] and [${noise.shape.join(", ")}]. Draw the noise for the latents' size.`,
      { latents: latents.shape, noise: noise.shape },
    );
  }
  if (!(sigma >= 0 && sigma <= 1)) {
    throw new FluxRuntimeError(
      "invalid-argument",
      `Sigma must lie between 0 and 1, but is ${sigma}. 1 is pure noise, 0 the image itself.`,
      { sigma },
    );
  }
  requireTensor("latents", latents);
  requireTensor("noise", noise);
  const share = Math.fround(sigma);
  const rest = Math.fround(1 - share);
  return {
    data: latents.data.map(
      (latent, i) => Math.fround(share * (noise.data[i] ?? 0)) + Math.fround(rest * latent),
    ),
    shape: latents.shape,
  };
}

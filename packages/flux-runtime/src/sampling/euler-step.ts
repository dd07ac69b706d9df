import { FluxRuntimeError } from "../errors.ts";
import { requireTensor, type Tensor } from "../tensor.ts";

/** The two noise levels that a step goes between. */
export interface EulerStepOptions {
  /** The noise level of the latents, 0 to 1. */
  readonly sigma: number;
  /** The noise level that the step leads to; below `sigma` when denoising. */
  readonly nextSigma: number;
}

/**
 * One Euler step along the velocity: latents + (nextSigma − sigma) · velocity, in float32 as in the reference.
 *
 * @param latents - Any shape.
 * @param velocity - What the transformer predicted, of the same shape.
 * @returns The latents at `nextSigma`.
 * @throws {FluxRuntimeError} `invalid-argument` where the shapes differ, data do not fit them, or a sigma is no finite number.
 *
 * Source: `FlowMatchEulerDiscreteScheduler.step` in diffusers.
 */
export function eulerStep(latents: Tensor, velocity: Tensor, { sigma, nextSigma }: EulerStepOptions): Tensor {
  if (latents.shape.join() !== velocity.shape.join()) {
    throw new FluxRuntimeError(
      "invalid-argument",
      `Latents and velocity must have one shape, but have [${latents.shape.join(", ")}] and [${velocity.shape.join(", ")}]. Cut the velocity to the tokens of the latents.`,
      { latents: latents.shape, velocity: velocity.shape },
    );
  }
  requireTensor("latents", latents);
  requireTensor("velocity", velocity);
  if (!Number.isFinite(sigma) || !Number.isFinite(nextSigma)) {
    throw new FluxRuntimeError(
      "invalid-argument",
      `A step leads from one finite sigma to another, but got ${sigma} and ${nextSigma}. Take both from the schedule's sigmas.`,
      { sigma, nextSigma },
    );
  }
  const step = Math.fround(Math.fround(nextSigma) - Math.fround(sigma));
  return {
    data: latents.data.map((latent, i) => latent + Math.fround(step * (velocity.data[i] ?? 0))),
    shape: latents.shape,
  };
}

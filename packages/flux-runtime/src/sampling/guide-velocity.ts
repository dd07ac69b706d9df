import { FluxRuntimeError } from "../errors.ts";
import { requireTensor, type Tensor } from "../tensor.ts";

/** How far beyond the unconditional prediction to go. */
export interface GuideVelocityOptions {
  /** 1 gives the conditional velocity itself. */
  readonly guidance: number;
}

/**
 * Classifier-free guidance: unconditional + guidance · (conditional − unconditional), in float32 as in the reference.
 *
 * @param conditional - The velocity for the prompt, of any shape.
 * @param unconditional - The velocity for the empty prompt, of the same shape.
 * @throws {FluxRuntimeError} `invalid-argument` where the shapes differ, data do not fit them, or the guidance is no finite
 * number.
 *
 * Source: `Flux2KleinPipeline.__call__`, step 7, in diffusers; J. Ho and T. Salimans, "Classifier-free diffusion
 * guidance", 2022.
 */
export function guideVelocity(
  conditional: Tensor,
  unconditional: Tensor,
  { guidance }: GuideVelocityOptions,
): Tensor {
  if (conditional.shape.join() !== unconditional.shape.join()) {
    throw new FluxRuntimeError(
      "invalid-argument",
      `Both velocities must have one shape, but have [${conditional.shape.join(", ")}] and [${unconditional.shape.join(", ")}]. Run both passes on the same latents.`,
      { conditional: conditional.shape, unconditional: unconditional.shape },
    );
  }
  requireTensor("conditional velocity", conditional);
  requireTensor("unconditional velocity", unconditional);
  requireGuidance(guidance);
  const scale = Math.fround(guidance);
  return {
    data: unconditional.data.map((base, i) => {
      const difference = Math.fround((conditional.data[i] ?? 0) - base);
      return base + Math.fround(scale * difference);
    }),
    shape: conditional.shape,
  };
}

/**
 * Requires a guidance that can be computed with.
 *
 * @throws {FluxRuntimeError} `invalid-argument` where it is no finite number.
 */
export function requireGuidance(guidance: number): void {
  if (Number.isFinite(guidance)) return;
  throw new FluxRuntimeError(
    "invalid-argument",
    `The guidance must be a finite number, but is ${guidance}. Give 4, for example, or 1 for none.`,
    { guidance },
  );
}

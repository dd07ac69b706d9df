import type { Checkpoint } from "../checkpoint/checkpoint.ts";
import { eulerStep } from "../sampling/euler-step.ts";
import type { FlowMatchSchedule } from "../sampling/flow-match-schedule.ts";
import { guideVelocity } from "../sampling/guide-velocity.ts";
import type { SessionTensors } from "../session/session-protocol.ts";
import type { Tensor } from "../tensor.ts";
import type { PipelineGenerateOptions } from "./generation-options.ts";
import type { PackedLatents } from "./image-latents.ts";
import type { Transformer } from "./open-transformer.ts";
import { checkLatents } from "./transformer-pass.ts";

/** An image that is to be denoised. */
export interface NoisyImage {
  /** Its place among all images, from 0. */
  readonly image: number;
  readonly latents: PackedLatents;
  /** [1, S, joint_attention_dim]. */
  readonly promptEmbeds: Tensor;
}

/** How images are denoised. */
export interface DenoiseOptions extends Pick<PipelineGenerateOptions, "onProgress" | "callbackOnStepEnd"> {
  readonly checkpoint: Checkpoint;
  /** Runs passes as one batch. */
  readonly predictBatch: Transformer["predictBatch"];
  readonly schedule: FlowMatchSchedule;
  readonly references: readonly PackedLatents[];
  readonly guidance: number;
  /** [1, S, joint_attention_dim], or `null` for no guidance. */
  readonly negativePromptEmbeds: Tensor | null;
  readonly extraInputs: SessionTensors | undefined;
}

/**
 * Denoises images of one size, all in one batch.
 *
 * Source: diffusers `Flux2KleinPipeline.__call__`, step 7.
 * @returns Their latents at the end, in the order of the images.
 * @throws {FluxRuntimeError} `invalid-argument` where the callback returns latents of another shape; else as the passes do.
 */
export async function denoise(
  images: readonly NoisyImage[],
  options: DenoiseOptions,
): Promise<PackedLatents[]> {
  const { schedule, guidance, negativePromptEmbeds, onProgress, callbackOnStepEnd } = options;
  const steps = schedule.timesteps.length;
  const latents = images.map((image) => image.latents);
  for (const [index, timestep] of schedule.timesteps.entries()) {
    const predict = async (embedsOf: (image: NoisyImage) => Tensor): Promise<Tensor[]> => {
      const passes = images.map((image, place) => ({
        latents: latents[place] ?? image.latents,
        references: options.references,
        promptEmbeds: embedsOf(image),
        timestep,
        ...(options.extraInputs && { extraInputs: options.extraInputs }),
      }));
      return (await options.predictBatch(passes)).map(({ velocity }) => velocity);
    };
    let velocities = await predict(({ promptEmbeds }) => promptEmbeds);
    if (negativePromptEmbeds !== null) {
      const unconditional = await predict(() => negativePromptEmbeds);
      velocities = velocities.map((velocity, place) =>
        guideVelocity(velocity, unconditional[place] ?? velocity, { guidance }),
      );
    }
    const [sigma = 0, nextSigma = 0] = schedule.sigmas.subarray(index);
    const step = index + 1;
    for (const [place, velocity] of velocities.entries()) {
      const { image, latents: start } = images[place] as NoisyImage; // a velocity for each image
      const { size } = start;
      let tokens = eulerStep((latents[place] ?? start).tokens, velocity, { sigma, nextSigma });
      const result = await callbackOnStepEnd?.({ image, step, steps, sigma: nextSigma, latents: tokens });
      if (result?.latents !== undefined) {
        checkLatents({ tokens: result.latents, size }, options.checkpoint);
        tokens = result.latents;
      }
      latents[place] = { tokens, size };
      onProgress?.({ stage: "denoise", image, step, steps, latents: tokens });
    }
  }
  return latents;
}

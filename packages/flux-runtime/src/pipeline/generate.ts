import type { Checkpoint } from "../checkpoint/checkpoint.ts";
import { requireGuidance } from "../sampling/guide-velocity.ts";
import type { Tensor } from "../tensor.ts";
import type { GenerateProgress, GenerateResult } from "./generation-options.ts";
import { openPipeline } from "./open-pipeline.ts";
import type { TextEncoderOptions } from "./open-text-encoder.ts";

/** What an image is made from. */
export interface GenerateOptions extends TextEncoderOptions {
  /** What to render. */
  readonly prompt: string;
  /** Images that condition the result, each [1, 3, H, W] in [-1, 1] as `prepareConditionImage` gives them. */
  readonly images?: readonly Tensor[];
  /** Denoising steps, from 1. */
  readonly steps: number;
  /** Classifier-free guidance against the empty prompt; without effect at 1 or below, and for distilled models. Finite. */
  readonly guidance: number;
  /** Seed of the initial noise, 0 to 2^53 − 1. */
  readonly seed: number;
  /** Pixels, multiples of 16. */
  readonly width: number;
  /** Pixels, a multiple of 16. */
  readonly height: number;
  /** Told after each stage and each step. */
  readonly onProgress?: (progress: GenerateProgress) => void;
}

/**
 * Makes an image from a prompt and, optionally, reference images. One model at a time is in memory, and none when it is done:
 * for several images, `openPipeline` keeps them open.
 *
 * Source: diffusers `Flux2KleinPipeline.__call__`.
 * @throws {FluxRuntimeError} `invalid-argument`, before a model is loaded, for a size that is no multiple of 16, steps, a
 * seed or a guidance that cannot be computed with, and images of another shape; else as the stages do.
 */
export async function generate(checkpoint: Checkpoint, options: GenerateOptions): Promise<GenerateResult> {
  const { prompt, images, steps, guidance, seed, width, height, onProgress, ...encoderOptions } = options;
  requireGuidance(guidance);
  const pipeline = await openPipeline(checkpoint, { ...encoderOptions, modelsInMemory: "one" });
  try {
    return await pipeline.generate({ prompt, images, steps, guidance, seed, width, height, onProgress });
  } finally {
    await pipeline.close();
  }
}

import type { Checkpoint } from "../checkpoint/checkpoint.ts";
import { FluxRuntimeError } from "../errors.ts";
import { eulerStep } from "../sampling/euler-step.ts";
import { createFlowMatchSchedule } from "../sampling/flow-match-schedule.ts";
import { guideVelocity, requireGuidance } from "../sampling/guide-velocity.ts";
import { packLatents, type LatentSize } from "../sampling/latent-layout.ts";
import { createTorchGenerator } from "../sampling/torch-generator.ts";
import type { Tensor } from "../tensor.ts";
import { encodePrompts } from "./encode-prompts.ts";
import {
  decodeLatents,
  encodeImages,
  pixelsPerToken,
  requireImages,
  type PackedLatents,
} from "./image-latents.ts";
import { generationPrompts } from "./generation-prompts.ts";
import type { PromptEmbedding, TextEncoderOptions } from "./open-text-encoder.ts";
import { openTransformer } from "./open-transformer.ts";

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

/** The stage or step that is done. `latents` are packed: [1, S, in_channels]. */
export type GenerateProgress =
  | { readonly stage: "encode-prompt" | "encode-images" | "decode" }
  | { readonly stage: "denoise"; readonly step: number; readonly steps: number; readonly latents: Tensor };

/** An image, and the latents that it was decoded from. */
export interface GenerateResult {
  /** [1, 3, H, W], about [-1, 1]. */
  readonly image: Tensor;
  /** The packed latents at the end, [1, S, in_channels]. */
  readonly latents: PackedLatents;
}

/**
 * Makes an image from a prompt and, optionally, reference images. One model at a time is in memory.
 *
 * Source: diffusers `Flux2KleinPipeline.__call__`.
 * @throws {FluxRuntimeError} `invalid-argument`, before a model is loaded, for a size that is no multiple of 16, steps, a
 * seed or a guidance that cannot be computed with, and images of another shape; else as the stages do.
 */
export async function generate(checkpoint: Checkpoint, options: GenerateOptions): Promise<GenerateResult> {
  const {
    prompt,
    images = [],
    steps,
    guidance,
    seed,
    width,
    height,
    onProgress,
    ...encoderOptions
  } = options;
  const size = tokenGrid(checkpoint, { width, height });
  requireGuidance(guidance);
  requireImages(checkpoint, images);
  const schedule = createFlowMatchSchedule(checkpoint.scheduler, {
    imageSequenceLength: size.height * size.width,
    steps,
  });
  let { tokens } = drawNoise(checkpoint, { seed, size });

  const prompts = generationPrompts(checkpoint, { prompt, guidance });
  const [conditional, unconditional] = await encodePrompts(checkpoint, prompts, encoderOptions);
  if (conditional === undefined) throw new RangeError("one prompt in, one embedding out");
  onProgress?.({ stage: "encode-prompt" });
  const references = await encodeImages(checkpoint, images, encoderOptions);
  onProgress?.({ stage: "encode-images" });

  const transformer = await openTransformer(checkpoint, encoderOptions);
  try {
    for (const [step, timestep] of schedule.timesteps.entries()) {
      const predict = async ({ embeds }: PromptEmbedding): Promise<Tensor> => {
        const pass = { latents: { tokens, size }, references, promptEmbeds: embeds, timestep };
        return (await transformer.predict(pass)).velocity;
      };
      let velocity = await predict(conditional);
      if (unconditional !== undefined) {
        velocity = guideVelocity(velocity, await predict(unconditional), { guidance });
      }
      const [sigma = 0, nextSigma = 0] = schedule.sigmas.subarray(step);
      tokens = eulerStep(tokens, velocity, { sigma, nextSigma });
      onProgress?.({ stage: "denoise", step: step + 1, steps, latents: tokens });
    }
  } finally {
    await transformer.close();
  }
  const latents = { tokens, size };
  const image = await decodeLatents(checkpoint, latents, encoderOptions);
  onProgress?.({ stage: "decode" });
  return { image, latents };
}

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

/**
 * The noise that an image starts from: the same numbers as PyTorch's CPU generator gives the reference pipeline.
 *
 * Source: diffusers `Flux2KleinPipeline.prepare_latents`.
 */
export function drawNoise(
  checkpoint: Checkpoint,
  { seed, size }: { readonly seed: number; readonly size: LatentSize },
): PackedLatents {
  const shape = [1, checkpoint.transformer.config.in_channels, size.height, size.width];
  return { tokens: packLatents(createTorchGenerator(seed).randn(shape)), size };
}

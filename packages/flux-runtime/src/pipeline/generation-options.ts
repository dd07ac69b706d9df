import type { SessionTensors } from "../session/session-protocol.ts";
import type { Tensor } from "../tensor.ts";
import type { PackedLatents } from "./image-latents.ts";

/**
 * What `Pipeline.generate` makes images from, by the names of the reference pipeline where it has one. What is left out takes
 * the reference's default.
 *
 * Source: the arguments of diffusers `Flux2KleinPipeline.__call__`.
 */
export interface PipelineGenerateOptions {
  /** What to render; a list gives one image for each prompt. */
  readonly prompt?: string | readonly string[] | undefined;
  /** In the place of `prompt`: embeddings as `encodePrompts` gives them, each [1, S, joint_attention_dim]. */
  readonly promptEmbeds?: Tensor | readonly Tensor[] | undefined;
  /** What guidance leads away from, for all images; the empty prompt by default. Takes guidance above 1. */
  readonly negativePrompt?: string | undefined;
  /** In the place of `negativePrompt`: its embedding, [1, S, joint_attention_dim]. */
  readonly negativePromptEmbeds?: Tensor | undefined;
  /** Images that condition every result, each [1, 3, H, W] in [-1, 1] as `prepareConditionImage` gives them. */
  readonly images?: readonly Tensor[] | undefined;
  /** Denoising steps, from 1; 50 by default. With `sigmas` it decides only how far those are shifted. */
  readonly steps?: number | undefined;
  /**
   * Noise levels of one's own, one for each step: falling, above 0 and at most 1. As in the reference they are shifted by the
   * scheduler, and a 0 follows the last.
   */
  readonly sigmas?: readonly number[] | undefined;
  /** Classifier-free guidance; without effect at 1 or below, and for distilled models. 4 by default. Finite. */
  readonly guidance?: number | undefined;
  /**
   * Seed of the initial noise, 0 to 2^53 − 1; 0 by default. One seed draws the noise of all images, one after the other, as one
   * generator of the reference does; a list has one seed for each image.
   */
  readonly seed?: number | readonly number[] | undefined;
  /** In the place of a seed: what each image starts from, as `drawNoise`, `scaleNoise` or `encodeImages` give it. */
  readonly latents?: PackedLatents | readonly PackedLatents[] | undefined;
  /** Pixels, a multiple of 16; by default that of the latents, else of the first image, else 1,024. */
  readonly width?: number | undefined;
  /** Pixels, a multiple of 16; by default as the width. */
  readonly height?: number | undefined;
  /** How many images are denoised in one pass: faster on a GPU, at more memory. 1 by default. */
  readonly batch?: number | undefined;
  /** For inputs that a rewritten transformer has beyond its own: they are fed in every pass, conditional or not. */
  readonly extraInputs?: SessionTensors | undefined;
  /** Ends this call; the pipeline stays usable, and opens a model again that was running. */
  readonly signal?: AbortSignal | undefined;
  /** Told after each stage and each step of each image. */
  readonly onProgress?: ((progress: GenerateProgress) => void) | undefined;
  /** Called after each step of each image; what it returns takes the place of the latents. */
  readonly callbackOnStepEnd?: ((end: StepEnd) => StepEndResult | Promise<StepEndResult>) | undefined;
}

/** Where an image is after a step. */
export interface StepEnd {
  /** The image, from 0, in the order of the prompts. */
  readonly image: number;
  /** The step that is done, from 1. */
  readonly step: number;
  /** How many there are. */
  readonly steps: number;
  /** The noise level that the latents have now; 0 after the last step. */
  readonly sigma: number;
  /** Packed: [1, S, in_channels]. */
  readonly latents: Tensor;
}

/** Nothing, or the latents to go on with, of the shape that they had. */
export type StepEndResult = { readonly latents?: Tensor } | undefined;

/** The stage or step that is done. `latents` are packed: [1, S, in_channels]; `image` counts from 0. */
export type GenerateProgress =
  | { readonly stage: "encode-prompt" | "encode-images" | "decode" }
  | {
      readonly stage: "denoise";
      readonly image: number;
      readonly step: number;
      readonly steps: number;
      readonly latents: Tensor;
    };

/** An image, and the latents that it was decoded from. */
export interface GenerateResult {
  /** [1, 3, H, W], about [-1, 1]. */
  readonly image: Tensor;
  /** The packed latents at the end, [1, S, in_channels]. */
  readonly latents: PackedLatents;
}

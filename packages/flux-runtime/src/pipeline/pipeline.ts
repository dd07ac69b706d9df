import type { Checkpoint } from "../checkpoint/checkpoint.ts";
import type { Tensor } from "../tensor.ts";
import type { GenerateResult, PipelineGenerateOptions } from "./generation-options.ts";
import type { PackedLatents } from "./image-latents.ts";
import type { PromptEmbedding, TextEncoderOptions } from "./open-text-encoder.ts";
import type { TransformerOptions } from "./open-transformer.ts";

/** How the models of a pipeline are opened and held. */
export interface PipelineOptions extends TextEncoderOptions, TransformerOptions {
  /**
   * `all` keeps each model open from when it is first needed. `text-encoder-alone` lets the text encoder and the others take
   * turns: what one of these needs is never in memory with the other. `one` ends the others before it opens one, so that no more
   * is taken than the largest needs. `all` by default.
   */
  readonly modelsInMemory?: "all" | "text-encoder-alone" | "one";
}

/** What every call of a pipeline takes. */
export interface PipelineCallOptions {
  /** Ends this call; the pipeline stays usable. */
  readonly signal?: AbortSignal | undefined;
}

/** A checkpoint whose models stay open between calls. Calls run one after the other, in their order. */
export interface Pipeline {
  /** What it was opened with. */
  readonly checkpoint: Checkpoint;
  /**
   * Makes an image for each prompt or embedding. Guidance runs each step twice.
   *
   * @throws {FluxRuntimeError} `invalid-argument`, before a model is opened, for options that contradict each other or that cannot
   * be computed with; else as the models do. The signal's reason.
   */
  generate(options: PipelineGenerateOptions & ManyPrompts): Promise<GenerateResult[]>;
  /** Makes one image. @throws {FluxRuntimeError} as for several. */
  generate(options: PipelineGenerateOptions & OnePrompt): Promise<GenerateResult>;
  /** Embeds prompts by their chat template. @throws {FluxRuntimeError} as `openTextEncoder`. */
  encodePrompts(prompts: readonly string[], options?: PipelineCallOptions): Promise<PromptEmbedding[]>;
  /** Encodes images into reference tokens or start latents. @throws {FluxRuntimeError} as `encodeImages`. */
  encodeImages(images: readonly Tensor[], options?: PipelineCallOptions): Promise<PackedLatents[]>;
  /** Decodes latents into an image, [1, 3, H, W], about [-1, 1]. @throws {FluxRuntimeError} as `decodeLatents`. */
  decodeLatents(latents: PackedLatents, options?: PipelineCallOptions): Promise<Tensor>;
  /** Ends all models, and rejects the calls that run or wait. Calls from then on are refused. */
  close(): Promise<void>;
}

/** Several images: lists of prompts or embeddings. */
export type ManyPrompts =
  | { readonly prompt: readonly string[]; readonly promptEmbeds?: undefined }
  | { readonly promptEmbeds: readonly Tensor[]; readonly prompt?: undefined };

/** One image: one prompt or embedding. */
export type OnePrompt =
  | { readonly prompt: string; readonly promptEmbeds?: undefined }
  | { readonly promptEmbeds: Tensor; readonly prompt?: undefined };

import type { Checkpoint } from "../checkpoint/checkpoint.ts";
import { FluxRuntimeError } from "../errors.ts";
import { resolveCheckpoint } from "../hub/resolve-checkpoint.ts";
import type { Tensor } from "../tensor.ts";
import { createCallQueue } from "./call-queue.ts";
import { denoise, type NoisyImage } from "./denoise.ts";
import type { GenerateResult, PipelineGenerateOptions } from "./generation-options.ts";
import { denormalizeLatents, requireImages, type PackedLatents } from "./image-latents.ts";
import { anySignal, openModelsWhenNeeded } from "./pipeline-models.ts";
import type { ManyPrompts, OnePrompt, Pipeline, PipelineCallOptions, PipelineOptions } from "./pipeline.ts";
import type { PromptEmbedding } from "./open-text-encoder.ts";
import { planGeneration, type GenerationPlan, type PromptSource } from "./plan-generation.ts";
import { checkLatents } from "./transformer-pass.ts";

/**
 * Opens a checkpoint as a pipeline. Its models are opened when they are first needed.
 *
 * Source: diffusers `Flux2KleinPipeline`.
 * @param checkpoint - A checkpoint, or its name for `resolveCheckpoint`.
 * @throws {FluxRuntimeError} as `resolveCheckpoint`, for a name.
 * @example
 * const pipeline = await openPipeline("tiny");
 * const images = await pipeline.generate({ prompt: ["a cat", "a dog"], steps: 4, width: 128, height: 128 });
 * await pipeline.close();
 */
export async function openPipeline(
  checkpoint: Checkpoint | string,
  options: PipelineOptions = {},
): Promise<Pipeline> {
  if (typeof checkpoint !== "string") return createPipeline(checkpoint, options);
  const resolved = await resolveCheckpoint(checkpoint, { signal: options.signal });
  return createPipeline(resolved.checkpoint, options);
}

function createPipeline(checkpoint: Checkpoint, options: PipelineOptions): Pipeline {
  const queue = createCallQueue();
  const closing = new AbortController();
  const { textEncoder, imageEncoder, transformer, imageDecoder, ...models } = openModelsWhenNeeded(
    checkpoint,
    options,
  );
  const enqueue = <Result>(
    call: (signal: AbortSignal) => Promise<Result>,
    { signal }: PipelineCallOptions,
  ): Promise<Result> => {
    const ends = anySignal(signal, options.signal, closing.signal);
    return queue.run(() => call(ends), ends);
  };

  const encodePrompts = async (
    prompts: readonly string[],
    signal: AbortSignal,
  ): Promise<PromptEmbedding[]> => {
    const embeddings: PromptEmbedding[] = [];
    for (const prompt of prompts)
      embeddings.push(await textEncoder((encoder) => encoder.encode(prompt), signal));
    return embeddings;
  };
  const encodeImages = async (images: readonly Tensor[], signal: AbortSignal): Promise<PackedLatents[]> => {
    const encoded: PackedLatents[] = [];
    for (const image of images) encoded.push(await imageEncoder((encoder) => encoder.encode(image), signal));
    return encoded;
  };
  const decodeLatents = async (latents: PackedLatents, signal: AbortSignal): Promise<Tensor> => {
    const latent = await denormalizeLatents(checkpoint, latents);
    return imageDecoder((decoder) => decoder.decode(latent), signal);
  };
  /** Equal prompts are encoded once. */
  const embedSources = async (
    sources: readonly PromptSource[],
    signal: AbortSignal,
  ): Promise<(source: PromptSource) => Tensor> => {
    const prompts = [...new Set(sources.filter((source) => typeof source === "string"))];
    const embeddings = await encodePrompts(prompts, signal);
    const known = new Map(prompts.map((prompt, place) => [prompt, embeddings[place]?.embeds]));
    return (source) => (typeof source === "string" ? (known.get(source) as Tensor) : source); // of these sources
  };

  const makeImages = async (
    plan: GenerationPlan,
    { extraInputs, onProgress, callbackOnStepEnd }: PipelineGenerateOptions,
    signal: AbortSignal,
  ): Promise<GenerateResult[]> => {
    const { prompts, negative, images, latents, batch } = plan;
    const embedsOf = await embedSources([...prompts, ...(negative === null ? [] : [negative])], signal);
    onProgress?.({ stage: "encode-prompt" });
    const references = await encodeImages(images, signal);
    onProgress?.({ stage: "encode-images" });

    const noisy: readonly NoisyImage[] = latents.map((start, image) => ({
      image,
      latents: start,
      promptEmbeds: embedsOf(prompts[image] ?? ""), // as many as latents
    }));
    const done: PackedLatents[] = [];
    for (let first = 0; first < noisy.length; first += batch) {
      const part = await denoise(noisy.slice(first, first + batch), {
        checkpoint,
        predictBatch: (passes) => transformer((model) => model.predictBatch(passes), signal),
        schedule: plan.schedule,
        references,
        guidance: plan.guidance,
        negativePromptEmbeds: negative === null ? null : embedsOf(negative),
        extraInputs,
        onProgress,
        callbackOnStepEnd,
      });
      done.push(...part);
    }
    const results: GenerateResult[] = [];
    for (const final of done) results.push({ image: await decodeLatents(final, signal), latents: final });
    onProgress?.({ stage: "decode" });
    return results;
  };

  function generate(call: PipelineGenerateOptions & ManyPrompts): Promise<GenerateResult[]>;
  function generate(call: PipelineGenerateOptions & OnePrompt): Promise<GenerateResult>;
  async function generate(call: PipelineGenerateOptions): Promise<GenerateResult | GenerateResult[]> {
    const plan = planGeneration(checkpoint, call);
    const results = await enqueue((signal) => makeImages(plan, call, signal), call);
    const isMany = Array.isArray(call.prompt ?? call.promptEmbeds);
    return isMany ? results : (results[0] as GenerateResult); // one prompt, one image
  }

  return {
    checkpoint,
    generate,
    encodePrompts: (prompts, call = {}) => enqueue((signal) => encodePrompts(prompts, signal), call),
    async encodeImages(images, call = {}) {
      requireImages(checkpoint, images);
      return enqueue((signal) => encodeImages(images, signal), call);
    },
    async decodeLatents(latents, call = {}) {
      checkLatents(latents, checkpoint);
      return enqueue((signal) => decodeLatents(latents, signal), call);
    },
    async close() {
      closing.abort(
        new FluxRuntimeError(
          "session-failed",
          "The pipeline was closed, so it cannot be used. Open it again.",
        ),
      );
      await queue.idle();
      await models.close();
    },
  };
}

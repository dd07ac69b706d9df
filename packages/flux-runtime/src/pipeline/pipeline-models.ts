import type { Checkpoint } from "../checkpoint/checkpoint.ts";
import type { RuntimeOptions } from "../session/model-session.ts";
import { holdModel } from "./held-model.ts";
import { openImageDecoder, openImageEncoder, type ImageDecoder, type ImageEncoder } from "./image-latents.ts";
import { openTextEncoder, type TextEncoder } from "./open-text-encoder.ts";
import { openTransformer, type Transformer } from "./open-transformer.ts";
import type { PipelineOptions } from "./pipeline.ts";

/** Calls a model, which is opened if it is not open. A signal that aborts ends its process. */
export type UseModel<Model> = <Result>(
  call: (model: Model) => Promise<Result>,
  signal: AbortSignal,
) => Promise<Result>;

/** The models of a pipeline. No two calls may overlap. */
export interface PipelineModels {
  readonly textEncoder: UseModel<TextEncoder>;
  readonly imageEncoder: UseModel<ImageEncoder>;
  readonly transformer: UseModel<Transformer>;
  readonly imageDecoder: UseModel<ImageDecoder>;
  /** Ends all that are open. */
  close(): Promise<void>;
}

/** Opens each model of a checkpoint when it is first needed, and keeps it, or one at a time. */
export function openModelsWhenNeeded(
  checkpoint: Checkpoint,
  { modelsInMemory = "all", rewriteGraph, ...options }: PipelineOptions,
): PipelineModels {
  const held: { close(): Promise<void> }[] = [];
  const closeAllBut = async (kept?: { close(): Promise<void> }): Promise<void> => {
    for (const model of held) if (model !== kept) await model.close();
  };
  const hold = <Model extends { close(): Promise<void> }>(
    open: (runtime: RuntimeOptions) => Promise<Model>,
  ): UseModel<Model> => {
    const model = holdModel((signal) => open({ ...options, signal: anySignal(signal, options.signal) }));
    held.push(model);
    return async (call, signal) => {
      if (modelsInMemory === "one") await closeAllBut(model);
      return model.use(call, signal);
    };
  };
  return {
    textEncoder: hold((runtime) => openTextEncoder(checkpoint, { ...options, ...runtime })),
    imageEncoder: hold((runtime) => openImageEncoder(checkpoint, runtime)),
    transformer: hold((runtime) =>
      openTransformer(checkpoint, { ...runtime, ...(rewriteGraph && { rewriteGraph }) }),
    ),
    imageDecoder: hold((runtime) => openImageDecoder(checkpoint, runtime)),
    close: () => closeAllBut(),
  };
}

/** A signal that aborts with the first of those that are given. */
export function anySignal(...signals: readonly (AbortSignal | undefined)[]): AbortSignal {
  return AbortSignal.any(signals.filter((signal) => signal !== undefined));
}

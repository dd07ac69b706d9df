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
  type Turn = "text" | "images";
  const held: { readonly turn: Turn; readonly model: { close(): Promise<void> } }[] = [];
  /** Ends the models that may not be in memory with one. */
  const makeRoom = async (kept: { close(): Promise<void> }, turn: Turn): Promise<void> => {
    if (modelsInMemory === "all") return;
    for (const other of held)
      if (other.model !== kept && (modelsInMemory === "one" || other.turn !== turn))
        await other.model.close();
  };
  const hold = <Model extends { close(): Promise<void> }>(
    turn: Turn,
    open: (runtime: RuntimeOptions) => Promise<Model>,
  ): UseModel<Model> => {
    const model = holdModel((signal) => open({ ...options, signal: anySignal(signal, options.signal) }));
    held.push({ turn, model });
    return async (call, signal) => {
      await makeRoom(model, turn);
      return model.use(call, signal);
    };
  };
  return {
    textEncoder: hold("text", (runtime) => openTextEncoder(checkpoint, { ...options, ...runtime })),
    imageEncoder: hold("images", (runtime) => openImageEncoder(checkpoint, runtime)),
    transformer: hold("images", (runtime) =>
      openTransformer(checkpoint, { ...runtime, ...(rewriteGraph && { rewriteGraph }) }),
    ),
    imageDecoder: hold("images", (runtime) => openImageDecoder(checkpoint, runtime)),
    async close() {
      for (const { model } of held) await model.close();
    },
  };
}

/** A signal that aborts with the first of those that are given. */
export function anySignal(...signals: readonly (AbortSignal | undefined)[]): AbortSignal {
  return AbortSignal.any(signals.filter((signal) => signal !== undefined));
}

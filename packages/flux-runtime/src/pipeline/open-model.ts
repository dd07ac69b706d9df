import type { ComponentWeights } from "../checkpoint/component-weights.ts";
import { joinWeights } from "../checkpoint/join-weights.ts";
import type { ComputeType } from "../graph/element-type.ts";
import type { ModelGraph, ModelGraphOptions } from "../graph/model-graph.ts";
import { listTensors, type RequiredTensor } from "../models/list-tensors.ts";
import { kernelsOf } from "../session/kernels-of.ts";
import { openModelSession, type ModelSession, type RuntimeOptions } from "../session/model-session.ts";
import { openConvertedWeights } from "../webgpu/converted-weights.ts";
import { examineAdapter } from "../webgpu/examine-adapter.ts";
import { requireBuffer } from "../webgpu/require-buffer.ts";

/** Builds the graph of a component's model. */
export type BuildGraph = (options: ModelGraphOptions) => ModelGraph;

/** A model, and where the weights lie that it names. */
export interface PreparedModel {
  readonly model: Uint8Array;
  readonly externalDataFolder: string;
}

/** What of the options decides about a graph, and about the weights that it names. */
export type GraphOptions = Pick<RuntimeOptions, "device" | "sessionHost" | "signal" | "onConvertWeights"> & {
  readonly computeType: ComputeType;
  /** Weights that the graph reads besides the model's own. */
  readonly adapters?: readonly ComponentWeights[];
};

/**
 * Builds a model as a device runs it: over the checkpoint's own weights, or for WebGPU over a converted copy, which is made the
 * first time.
 *
 * @throws {FluxRuntimeError} as `openConvertedWeights`, `examineAdapter` and `requireBuffer` do, and where a weight is missing.
 */
export async function prepareModel(
  weights: ComponentWeights,
  build: BuildGraph,
  { device, computeType, adapters = [], sessionHost, signal, onConvertWeights }: GraphOptions,
): Promise<PreparedModel> {
  const kernels = kernelsOf(device);
  let source = joinWeights(weights, adapters);
  if (kernels === "webgpu") {
    const { storedType } = await examineAdapter({ sessionHost });
    const required = listTensors((listed) => build({ weights: listed, computeType, kernels }));
    await requireBuffer(required, { sessionHost });
    const convert = (part: ComponentWeights, own: readonly RequiredTensor[]): Promise<ComponentWeights> =>
      openConvertedWeights(part, own, { storedType, signal, onProgress: onConvertWeights });
    // Each adapter has a copy of its own, so that no weight of the model is converted again for another one.
    const ofAdapters = adapters.map((part) => ({
      part,
      own: required.filter(({ name }) => part.tensors.has(name)),
    }));
    const others = new Set(ofAdapters.flatMap(({ own }) => own));
    const copy = await convert(
      weights,
      required.filter((tensor) => !others.has(tensor)),
    );
    const copies: ComponentWeights[] = [];
    for (const { part, own } of ofAdapters) if (own.length > 0) copies.push(await convert(part, own));
    source = joinWeights(copy, copies);
  }
  const model = build({ weights: source, computeType, kernels }).serialize();
  return { model, externalDataFolder: source.externalDataFolder };
}

/** Builds a model and loads it. @throws {FluxRuntimeError} as {@link prepareModel} and `openModelSession` do. */
export async function openModel(
  weights: ComponentWeights,
  build: BuildGraph,
  { computeType, ...runtime }: RuntimeOptions & { readonly computeType: ComputeType },
): Promise<ModelSession> {
  const { model, externalDataFolder } = await prepareModel(weights, build, { ...runtime, computeType });
  return openModelSession(model, externalDataFolder, runtime);
}

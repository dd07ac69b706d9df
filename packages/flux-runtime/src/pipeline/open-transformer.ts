import type { Checkpoint } from "../checkpoint/checkpoint.ts";
import { concatenate } from "../concatenate.ts";
import { FluxRuntimeError } from "../errors.ts";
import type { ModelGraph, ModelGraphOptions } from "../graph/model-graph.ts";
import { buildTransformer } from "../models/transformer.ts";
import { latentPositionIds, referencePositionIds, textPositionIds } from "../sampling/position-ids.ts";
import { createRotaryEmbedding, type RotaryEmbedding } from "../sampling/rotary-embedding.ts";
import { roundTimestep } from "../sampling/round-timestep.ts";
import { timestepWaves } from "../sampling/timestep-waves.ts";
import { chooseComputeType } from "../session/choose-compute-type.ts";
import { kernelsOf } from "../session/kernels-of.ts";
import { openModelSession, type RuntimeOptions } from "../session/model-session.ts";
import type { SessionTensors } from "../session/session-protocol.ts";
import { toTensor } from "../session/session-tensors.ts";
import type { Tensor } from "../tensor.ts";
import { prepareModel, type PreparedModel } from "./open-model.ts";
import { checkPasses, layoutKey, tokenLayout, type TransformerPass } from "./transformer-pass.ts";

/** Where the transformer runs, and what is changed in its graph. */
export interface TransformerOptions extends RuntimeOptions {
  /**
   * Changes the ONNX model before it is loaded: this is where outputs are added. The inputs that the model has must stay,
   * and its output too for `predict`; external data is found as before.
   */
  readonly rewriteGraph?: (model: Uint8Array) => Uint8Array;
}

/** What one pass through the transformer gives. */
export interface TransformerResult {
  /** The predicted velocity of the noise tokens: [1, S_noise, out_channels]. */
  readonly velocity: Tensor;
  /** What a rewritten graph gives beyond the velocity, by name: float32, with a batch axis, which is 1 here. */
  readonly extraOutputs: Readonly<Record<string, Tensor>>;
}

/** A loaded transformer. */
export interface Transformer {
  /**
   * Runs one pass.
   *
   * @throws {FluxRuntimeError} `invalid-argument` where a shape is not the checkpoint's, data do not fit their shape, or
   * the timestep is no finite number.
   */
  predict(pass: TransformerPass): Promise<TransformerResult>;
  /**
   * Runs several passes as one batch. They have the same sizes, text length and extra inputs.
   *
   * @throws {FluxRuntimeError} `invalid-argument` where they do not, or as for `predict`.
   */
  predictBatch(passes: readonly TransformerPass[]): Promise<TransformerResult[]>;
  /**
   * Runs several passes as one batch and gives whatever outputs the graph has, which after a rewrite may lack the velocity.
   *
   * @returns For each pass its outputs by name, each with a batch axis of 1; a velocity still has the references' tokens.
   * @throws {FluxRuntimeError} `invalid-argument` as for `predictBatch`.
   */
  runBatch(passes: readonly TransformerPass[]): Promise<Readonly<Record<string, Tensor>>[]>;
  /** Ends the transformer's process, which returns all of its memory. */
  close(): Promise<void>;
}

/** What decides how the transformer's model is built. */
export type TransformerModelOptions = Pick<
  RuntimeOptions,
  "device" | "dtype" | "sessionHost" | "signal" | "onConvertWeights"
>;

/**
 * Builds the transformer's ONNX model as a session with these options would load it; nothing is loaded.
 *
 * On WebGPU the model names the weights of a converted copy, which is made if there is none yet.
 *
 * @throws {FluxRuntimeError} where a weight is missing or mis-shaped; for WebGPU as `chooseDevice` does, and where the copy cannot
 * be written.
 */
export async function buildTransformerModel(
  checkpoint: Checkpoint,
  options: TransformerModelOptions = {},
): Promise<Uint8Array> {
  return (await prepareTransformer(checkpoint, options)).model;
}

function prepareTransformer(
  { transformer: { config, weights }, loras }: Checkpoint,
  options: TransformerModelOptions,
): Promise<PreparedModel> {
  const adapters = loras.filter(({ scale }) => scale !== 0);
  const build = (graphOptions: ModelGraphOptions): ModelGraph =>
    buildTransformer(config, { ...graphOptions, adapters });
  return prepareModel(weights, build, {
    ...options,
    computeType: chooseComputeType(options),
    adapters: adapters.map((adapter) => adapter.weights),
  });
}

/**
 * Loads the transformer of a checkpoint into a process of its own.
 *
 * Source: the denoising loop of diffusers `Flux2KleinPipeline.__call__`.
 * @throws {FluxRuntimeError} where a weight is missing or mis-shaped, or ONNX Runtime fails.
 */
export async function openTransformer(
  checkpoint: Checkpoint,
  { rewriteGraph = (model) => model, ...runtime }: TransformerOptions = {},
): Promise<Transformer> {
  const { config } = checkpoint.transformer;
  const computeType = chooseComputeType(runtime);
  const { model, externalDataFolder } = await prepareTransformer(checkpoint, runtime);
  const session = await openModelSession(rewriteGraph(model), externalDataFolder, runtime);
  const timestepInput = (timesteps: readonly number[]): SessionTensors => {
    const shape = [timesteps.length];
    if (kernelsOf(runtime.device) === "native") {
      return { timestep: { type: "float32", data: Float32Array.from(timesteps), shape } };
    }
    const size = config.timestep_guidance_channels;
    return {
      timestep_waves: { type: "float32", data: timestepWaves(timesteps, size), shape: [...shape, size] },
    };
  };
  const rotaryFor = remember((pass: TransformerPass): RotaryEmbedding => {
    const ids = concatenate(
      [
        textPositionIds(tokenLayout(pass).text),
        latentPositionIds(pass.latents.size),
        referencePositionIds((pass.references ?? []).map(({ size }) => size)),
      ],
      0,
    );
    return createRotaryEmbedding(ids, { axesDims: config.axes_dims_rope, theta: config.rope_theta });
  }, layoutKey);
  const runBatch: Transformer["runBatch"] = async (passes) => {
    const first = checkPasses(passes, checkpoint);
    const rotary = rotaryFor(first);
    const sequences = passes.map(({ latents, references = [] }) =>
      concatenate(
        [latents, ...references].map(({ tokens }) => tokens),
        1,
      ),
    );
    const outputs = await session.run({
      hidden_states: { type: "float32", ...concatenate(sequences, 0) },
      encoder_hidden_states: {
        type: "float32",
        ...concatenate(
          passes.map(({ promptEmbeds }) => promptEmbeds),
          0,
        ),
      },
      ...timestepInput(passes.map(({ timestep }) => roundTimestep(timestep, computeType))),
      rotary_cos: { type: "float32", ...rotary.cos },
      rotary_sin: { type: "float32", ...rotary.sin },
      ...first.extraInputs,
    });
    return passes.map((_, item) =>
      Object.fromEntries(
        Object.keys(outputs).map((name) => [name, itemOf(toTensor(outputs, name), item, passes.length)]),
      ),
    );
  };
  const predictBatch: Transformer["predictBatch"] = async (passes) => {
    const results = await runBatch(passes);
    return passes.map((pass, item) => {
      const { velocity, ...extraOutputs } = results[item] ?? {};
      if (velocity === undefined) throw missingVelocity(Object.keys(extraOutputs));
      const { noise } = tokenLayout(pass);
      const channels = velocity.shape[2] ?? 0;
      const data = velocity.data.subarray(0, noise * channels);
      return { velocity: { data, shape: [1, noise, channels] }, extraOutputs };
    });
  };
  return {
    runBatch,
    predictBatch,
    async predict(pass) {
      const [result] = await predictBatch([pass]);
      return result as TransformerResult; // one pass in, one result out
    },
    close: () => session.close(),
  };
}

/** One item of a batch, [B, …] → [1, …]. */
function itemOf({ data, shape: [, ...rest] }: Tensor, item: number, batch: number): Tensor {
  const length = data.length / batch;
  return { data: data.slice(item * length, (item + 1) * length), shape: [1, ...rest] };
}

function missingVelocity(received: readonly string[]): FluxRuntimeError {
  return new FluxRuntimeError(
    "session-failed",
    `The transformer's graph has no output velocity any more, only ${received.join(", ")}. Keep it in the rewritten graph, or use runBatch.`,
    { received },
  );
}

function remember<Argument, Result>(
  compute: (argument: Argument) => Result,
  keyOf: (argument: Argument) => string,
): (argument: Argument) => Result {
  const known = new Map<string, Result>();
  return (argument) => {
    const key = keyOf(argument);
    const result = known.get(key) ?? compute(argument);
    known.set(key, result);
    return result;
  };
}

import type { Checkpoint } from "../checkpoint/open-checkpoint.ts";
import { FluxRuntimeError } from "../errors.ts";
import { buildTransformer } from "../models/transformer.ts";
import { latentPositionIds, referencePositionIds, textPositionIds } from "../sampling/position-ids.ts";
import { createRotaryEmbedding, type RotaryEmbedding } from "../sampling/rotary-embedding.ts";
import { chooseComputeType } from "../session/choose-compute-type.ts";
import { openModelSession, type RuntimeOptions } from "../session/model-session.ts";
import type { SessionTensors } from "../session/session-protocol.ts";
import { toTensor } from "../session/session-tensors.ts";
import type { Tensor } from "../tensor.ts";
import type { PackedLatents } from "./image-latents.ts";

export interface TransformerOptions extends RuntimeOptions {
  /**
   * Changes the ONNX model before it is loaded: this is where outputs are added. The inputs and outputs that the model has
   * must stay; external data is found as before.
   */
  readonly rewriteGraph?: (model: Uint8Array) => Uint8Array;
}

/** What one pass through the transformer takes. */
export interface TransformerPass {
  /** The noisy tokens of the image that is made, batch 1. */
  readonly latents: PackedLatents;
  /** Reference images, in order. */
  readonly references?: readonly PackedLatents[];
  /** [1, S_text, joint_attention_dim]. */
  readonly promptEmbeds: Tensor;
  /** 0 … 1000. */
  readonly timestep: number;
  /** For inputs that a rewritten graph has beyond the transformer's own. */
  readonly extraInputs?: SessionTensors;
}

export interface TransformerResult {
  /** [1, S_noise, out_channels]: the predicted velocity of the noise tokens. */
  readonly velocity: Tensor;
  /** What a rewritten graph gives beyond the velocity, by name. */
  readonly extraOutputs: SessionTensors;
}

/** How the tokens of a pass stand in the transformer's sequence: text, noise, references. */
export interface TokenLayout {
  readonly text: number;
  readonly noise: number;
  readonly reference: number;
}

/** A loaded transformer. */
export interface Transformer {
  predict(pass: TransformerPass): Promise<TransformerResult>;
  close(): Promise<void>;
}

/** The lengths of the three token segments of a pass. */
export function tokenLayout({ latents, references = [], promptEmbeds }: TransformerPass): TokenLayout {
  const reference = references.reduce((sum, { size }) => sum + size.height * size.width, 0);
  return { text: promptEmbeds.shape[1] ?? 0, noise: latents.size.height * latents.size.width, reference };
}

/** Builds the transformer's ONNX model as a session with these options would load it; nothing is loaded. */
export function buildTransformerModel(
  checkpoint: Checkpoint,
  options: Pick<RuntimeOptions, "device" | "dtype"> = {},
): Uint8Array {
  const { config, weights } = checkpoint.transformer;
  return buildTransformer(config, { weights, computeType: chooseComputeType(options) });
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
  const { config, weights } = checkpoint.transformer;
  const model = rewriteGraph(buildTransformerModel(checkpoint, runtime));
  const session = await openModelSession(model, weights.externalDataFolder, runtime);
  const rotaryFor = remember((pass: TransformerPass): RotaryEmbedding => {
    const ids = concatRows([
      textPositionIds(tokenLayout(pass).text),
      latentPositionIds(pass.latents.size),
      referencePositionIds((pass.references ?? []).map(({ size }) => size)),
    ]);
    return createRotaryEmbedding(ids, { axesDims: config.axes_dims_rope, theta: config.rope_theta });
  }, layoutKey);
  return {
    async predict(pass) {
      checkPass(pass, checkpoint);
      const rotary = rotaryFor(pass);
      const tokens = concatTokens([pass.latents, ...(pass.references ?? [])]);
      // As the pipeline does: divided by 1000 on the way in, multiplied inside, each rounded to float32.
      const timestep = Math.fround(Math.fround(pass.timestep / 1_000) * 1_000);
      const { velocity, ...extraOutputs } = await session.run({
        hidden_states: { type: "float32", ...tokens },
        encoder_hidden_states: { type: "float32", ...pass.promptEmbeds },
        timestep: { type: "float32", data: Float32Array.of(timestep), shape: [1] },
        rotary_cos: { type: "float32", ...rotary.cos },
        rotary_sin: { type: "float32", ...rotary.sin },
        ...pass.extraInputs,
      });
      const whole = toTensor({ ...(velocity && { velocity }) }, "velocity");
      const { noise } = tokenLayout(pass);
      const channels = whole.shape[2] ?? 0;
      return {
        velocity: { data: whole.data.slice(0, noise * channels), shape: [1, noise, channels] },
        extraOutputs,
      };
    },
    close: () => session.close(),
  };
}

function checkPass(
  { latents, references = [], promptEmbeds }: TransformerPass,
  checkpoint: Checkpoint,
): void {
  const { in_channels, joint_attention_dim } = checkpoint.transformer.config;
  for (const { tokens, size } of [latents, ...references]) {
    const expected = [1, size.height * size.width, in_channels];
    if (tokens.shape.join() !== expected.join()) throw shapeError("latent tokens", expected, tokens.shape);
  }
  const [batch, , width] = promptEmbeds.shape;
  if (promptEmbeds.shape.length !== 3 || batch !== 1 || width !== joint_attention_dim) {
    throw shapeError("prompt embeddings", [1, "S", joint_attention_dim], promptEmbeds.shape);
  }
}

function shapeError(
  what: string,
  expected: readonly (number | string)[],
  received: readonly number[],
): FluxRuntimeError {
  return new FluxRuntimeError(
    "invalid-argument",
    `The ${what} must have the shape [${expected.join(", ")}], but have [${received.join(", ")}]. Make them with the same checkpoint.`,
    { expected, received },
  );
}

/** Everything that the rotary caches depend on. */
function layoutKey(pass: TransformerPass): string {
  const sizes = [pass.latents, ...(pass.references ?? [])].map(({ size }) => `${size.height}x${size.width}`);
  return [tokenLayout(pass).text, ...sizes].join(" ");
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

/** [S_i, N] … → [Σ S_i, N]. */
function concatRows(parts: readonly Tensor[]): Tensor {
  const [first] = parts;
  const rows = parts.reduce((sum, { shape }) => sum + (shape[0] ?? 0), 0);
  return { data: concatData(parts), shape: [rows, ...(first?.shape.slice(1) ?? [])] };
}

/** [1, S_i, C] … → [1, Σ S_i, C]. */
function concatTokens(parts: readonly PackedLatents[]): Tensor {
  const tensors = parts.map(({ tokens }) => tokens);
  const [first] = tensors;
  const tokens = tensors.reduce((sum, { shape }) => sum + (shape[1] ?? 0), 0);
  return { data: concatData(tensors), shape: [1, tokens, first?.shape[2] ?? 0] };
}

function concatData(parts: readonly Tensor[]): Float32Array {
  const data = new Float32Array(parts.reduce((sum, part) => sum + part.data.length, 0));
  let offset = 0;
  for (const part of parts) {
    data.set(part.data, offset);
    offset += part.data.length;
  }
  return data;
}

import type { Checkpoint } from "../checkpoint/checkpoint.ts";
import type { ComputeType } from "../graph/element-type.ts";
import type { Device } from "../session/device.ts";
import { sizesOfCheckpoint, type ModelSizes } from "./model-sizes.ts";
import { readGpus } from "./read-gpus.ts";

/** Passes that are to be run together. */
export interface ChooseBatchOptions {
  /** Where they run. */
  readonly device: Device;
  /** The type of the arithmetic. */
  readonly dtype: ComputeType;
  /** Tokens of a pass: text, noise and references. */
  readonly tokens: number;
}

/** What a pass takes of a card's memory. */
export interface BatchRequest {
  readonly sizes: ModelSizes;
  /** Tokens of a pass: text, noise and references. */
  readonly tokens: number;
  /** Bytes of a number in the arithmetic. */
  readonly numberSize: 2 | 4;
  /** Bytes that are free on the card. */
  readonly freeMemory: number;
}

/** More passes at once gain nothing: one of a thousand tokens already keeps a card busy. */
const LARGEST_BATCH = 8;

/** What CUDA, cuDNN and cuBLAS take before a model runs: an allowance, which docs/gpu.md says how to check. */
const CUDA_CONTEXT = 1.5e9;

/** The arena keeps freed blocks of other sizes beside those in use. */
const ARENA_SLACK = 2;

/**
 * How many passes of the transformer to run together: on CUDA what fits the card's free memory; 1 on the CPU, which gains nothing,
 * and on WebGPU, where the scores of a pass are large and no one tells the card's memory.
 */
export async function chooseBatch(
  checkpoint: Checkpoint,
  { device, dtype, tokens }: ChooseBatchOptions,
): Promise<number> {
  const [card] = device === "cuda" ? await readGpus() : [];
  if (card === undefined) return 1;
  const numberSize = dtype === "float32" ? 4 : 2;
  return fitBatch({ sizes: sizesOfCheckpoint(checkpoint), tokens, numberSize, freeMemory: card.freeMemory });
}

/**
 * How many passes fit the card's memory together: weights once, the widest activations of a block for each pass. It is at
 * least 1, since a pass may fit where this estimate says that it does not.
 */
export function fitBatch({ sizes: { transformer }, tokens, numberSize, freeMemory }: BatchRequest): number {
  const weights = transformer.weights * numberSize; // at most: what is stored in fewer bytes is widened a matrix at a time
  const activations = numberSize * (7 + 3 * transformer.mlpRatio) * tokens * transformer.channels;
  const passes = Math.floor((freeMemory - CUDA_CONTEXT - weights) / (ARENA_SLACK * activations));
  return Math.min(LARGEST_BATCH, Math.max(1, passes));
}

import { ENCODER_LAYERS, type ModelSizes } from "./model-sizes.ts";

/** A stage of a run: how often its model is called, and what that takes. */
export interface StageEstimate {
  /** What is done, in words. */
  readonly stage: string;
  /** How often the model is called. */
  readonly passes: number;
  /** Floating-point operations of one pass. */
  readonly operations: number;
  /** What all passes together are expected to take. */
  readonly seconds: number;
  /** Bytes that the process allocates at most. */
  readonly privateMemory: number;
  /** Bytes with the weights, which are mapped from their files and can be dropped under pressure. */
  readonly residentMemory: number;
}

/** What a run at some size is expected to take. */
export interface RunEstimate {
  /** What was counted. */
  readonly assumptions: RunAssumptions;
  /** Whether each step of the reference takes two passes, with and without the prompt. */
  readonly isGuided: boolean;
  /** Operations a second that a small model reached on this machine. */
  readonly throughput: number;
  /** The stages, in their order. */
  readonly stages: readonly StageEstimate[];
  /** What all stages together are expected to take. */
  readonly seconds: number;
  /** Bytes that the process of a stage allocates at most. */
  readonly privateMemory: number;
}

/** What is run: single passes of the transformer, each conditioned by one image that is rendered first. */
export interface RunAssumptions {
  /** Pixels across, of the image and of every pass. */
  readonly width: number;
  /** Pixels down. */
  readonly height: number;
  /** Tokens of every prompt, padding included. */
  readonly textTokens: number;
  /** Single passes, each of another prompt. */
  readonly passes: number;
  /** Guided steps that the image is rendered in. */
  readonly referenceSteps: number;
  /** Bytes of a number in the arithmetic. */
  readonly numberSize: 2 | 4;
}

/** A Node process with ONNX Runtime in it, in bytes. */
const BARE_PROCESS = 0.3e9;

/**
 * Estimates a run from its matrix products, of which nearly all of it consists, and a measured throughput.
 *
 * The memory is what holds at once: the process itself, the converted matrices of two blocks, and the widest activations. It was
 * set beside a measured run of the 4B shape (docs/performance.md) and lies within a fifth of it.
 */
export function estimateRun(sizes: ModelSizes, throughput: number, assumptions: RunAssumptions): RunEstimate {
  const { width, height, textTokens, passes, referenceSteps, numberSize } = assumptions;
  const { isDistilled, transformer, textEncoder, autoencoder, pixelsPerToken } = sizes;
  const guided = isDistilled ? 1 : 2; // with and without the prompt
  const imageTokens = (width / pixelsPerToken) * (height / pixelsPerToken);
  const stage = (
    name: string,
    { calls, operations, memory, stored }: Record<"calls" | "operations" | "memory" | "stored", number>,
  ): StageEstimate => ({
    stage: name,
    passes: calls,
    operations,
    seconds: (calls * operations) / throughput,
    privateMemory: BARE_PROCESS + memory,
    residentMemory: BARE_PROCESS + memory + stored,
  });
  const transformerStage = (name: string, calls: number, tokens: number): StageEstimate =>
    stage(name, {
      calls,
      operations: transformerOperations(transformer, tokens),
      memory:
        numberSize *
        (2 * weightsOfBlock(transformer) + (7 + 3 * transformer.mlpRatio) * tokens * transformer.channels),
      stored: transformer.storedBytes,
    });
  const autoencoderStage = (name: string, resnets: number): StageEstimate =>
    stage(name, {
      calls: 1,
      operations: autoencoderOperations(autoencoder, { pixels: width * height, resnets }),
      memory: 4 * 3 * (autoencoder.widths[0] ?? 0) * width * height,
      stored: 0,
    });
  const { layersPerBlock } = autoencoder;
  const stages = [
    stage("encode prompts", {
      calls: passes + guided, // and the reference's
      operations: textEncoderOperations(textEncoder, textTokens),
      memory: numberSize * 2 * weightsOfLayer(textEncoder),
      stored: textEncoder.storedBytes,
    }),
    transformerStage("render the reference", guided * referenceSteps, textTokens + imageTokens),
    autoencoderStage("decode the reference", layersPerBlock + 1),
    autoencoderStage("encode the reference", layersPerBlock),
    transformerStage("single passes", passes, textTokens + 2 * imageTokens),
  ];
  return {
    assumptions,
    isGuided: !isDistilled,
    throughput,
    stages,
    seconds: stages.reduce((sum, { seconds }) => sum + seconds, 0),
    privateMemory: Math.max(...stages.map(({ privateMemory }) => privateMemory)),
  };
}

/** 2 · weights · tokens of the products with weights, and 4 · tokens² · channels of attention, in each block. */
export function transformerOperations(transformer: ModelSizes["transformer"], tokens: number): number {
  const { channels, blocks } = transformer;
  return blocks * (2 * weightsOfBlock(transformer) * tokens + 4 * tokens ** 2 * channels);
}

/** Queries, keys, values and their projection, and a gated MLP; of a joint block, for one of its two streams. */
function weightsOfBlock({ channels, mlpRatio }: ModelSizes["transformer"]): number {
  return (4 + 3 * mlpRatio) * channels ** 2;
}

function textEncoderOperations(textEncoder: ModelSizes["textEncoder"], tokens: number): number {
  const attention = 4 * tokens ** 2 * textEncoder.queryChannels;
  return ENCODER_LAYERS * (2 * weightsOfLayer(textEncoder) * tokens + attention);
}

function weightsOfLayer(textEncoder: ModelSizes["textEncoder"]): number {
  const { hiddenSize, intermediateSize, queryChannels, keyValueChannels } = textEncoder;
  return hiddenSize * (2 * queryChannels + 2 * keyValueChannels + 3 * intermediateSize);
}

/** Two 3 × 3 convolutions a resnet, one to the next resolution, two resnets and an attention in the middle. */
function autoencoderOperations(
  { widths }: ModelSizes["autoencoder"],
  { pixels, resnets }: { pixels: number; resnets: number },
): number {
  const convolutions = widths.map((width, level) => {
    const count = 2 * resnets + (level === widths.length - 1 ? 4 : 1);
    return (count * 2 * 9 * width ** 2 * pixels) / 4 ** level;
  });
  const innermost = pixels / 4 ** (widths.length - 1);
  const attention = 4 * innermost ** 2 * (widths.at(-1) ?? 0);
  return convolutions.reduce((sum, operations) => sum + operations, attention);
}

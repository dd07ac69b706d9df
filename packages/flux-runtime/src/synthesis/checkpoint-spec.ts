import { FluxRuntimeError } from "../errors.ts";

/** The sizes of a checkpoint that is to be synthesised; everything else follows from the architecture. */
export interface CheckpointSpec {
  /** What it is called, as in `random:NAME`. */
  readonly name: string;
  /** Whether it is to be a distilled model, which takes no guidance; false by default. */
  readonly isDistilled?: boolean;
  /** A FLUX.2 transformer. */
  readonly transformer: {
    readonly jointBlocks: number;
    readonly singleBlocks: number;
    readonly heads: number;
    readonly headSize: number;
    /** Gated channels of the MLP, in widths of the model. */
    readonly mlpRatio: number;
    /** Channels of a head that each axis of a position turns. */
    readonly ropeAxes: readonly [number, number, number, number];
  };
  /** A Qwen3 model. */
  readonly textEncoder: {
    readonly layers: number;
    /** How many of them an embedding stacks; 3 by default. */
    readonly stackedLayers?: number;
    readonly hiddenSize: number;
    readonly intermediateSize: number;
    readonly heads: number;
    readonly keyValueHeads: number;
    readonly headSize: number;
    /** Rows of the embedding table; the synthesised tokenizer uses the first of them. */
    readonly vocabularySize: number;
  };
  /** A FLUX.2 autoencoder. */
  readonly autoencoder: {
    /** Channels of each block, outermost first. */
    readonly widths: readonly number[];
    readonly latentChannels: number;
    /** Groups of every group normalization. */
    readonly normGroups: number;
  };
  /** Weight files are split where they would grow beyond this many bytes. */
  readonly largestShard: number;
}

/**
 * The real topology (5 joint and 20 single blocks, encoder layers 9, 18 and 27) at widths that a laptop runs in a fraction
 * of a second.
 */
const tiny: CheckpointSpec = {
  name: "tiny",
  transformer: {
    jointBlocks: 5,
    singleBlocks: 20,
    heads: 4,
    headSize: 32,
    mlpRatio: 3,
    ropeAxes: [8, 8, 8, 8],
  },
  textEncoder: {
    layers: 28,
    hiddenSize: 64,
    intermediateSize: 192,
    heads: 4,
    keyValueHeads: 2,
    headSize: 16,
    vocabularySize: 768,
  },
  autoencoder: { widths: [8, 16, 16, 16], latentChannels: 8, normGroups: 4 },
  largestShard: 8_000_000,
};

/** The sizes of black-forest-labs/FLUX.2-klein-base-4B. */
const klein4b: CheckpointSpec = {
  name: "klein-4b",
  transformer: {
    jointBlocks: 5,
    singleBlocks: 20,
    heads: 24,
    headSize: 128,
    mlpRatio: 3,
    ropeAxes: [32, 32, 32, 32],
  },
  textEncoder: {
    layers: 36,
    hiddenSize: 2_560,
    intermediateSize: 9_728,
    heads: 32,
    keyValueHeads: 8,
    headSize: 128,
    vocabularySize: 151_936,
  },
  autoencoder: { widths: [128, 256, 512, 512], latentChannels: 32, normGroups: 32 },
  largestShard: 5_000_000_000,
};

/**
 * The sizes of black-forest-labs/FLUX.2-klein-base-9B, with Qwen3-8B as its text encoder.
 *
 * Source: `Klein9BParams` of Black Forest Labs' `flux2/model.py`, and the configuration of Qwen3-8B.
 */
const klein9b: CheckpointSpec = {
  name: "klein-9b",
  transformer: { ...klein4b.transformer, jointBlocks: 8, singleBlocks: 24, heads: 32 },
  textEncoder: { ...klein4b.textEncoder, hiddenSize: 4_096, intermediateSize: 12_288 },
  autoencoder: klein4b.autoencoder,
  largestShard: klein4b.largestShard,
};

/** The distilled models differ from the base models in their weights alone, and take no guidance. */
const distilled = (base: CheckpointSpec): CheckpointSpec => ({
  ...base,
  name: `${base.name}-distilled`,
  isDistilled: true,
});

const specs: readonly CheckpointSpec[] = [tiny, klein4b, distilled(klein4b), klein9b, distilled(klein9b)];

/** The names of the configurations that can be synthesised by name. */
export const checkpointSpecNames: readonly string[] = specs.map((spec) => spec.name);

/** A configuration by its name. @throws {FluxRuntimeError} `invalid-argument`, naming those that there are. */
export function getCheckpointSpec(name: string): CheckpointSpec {
  const spec = specs.find((candidate) => candidate.name === name);
  if (spec !== undefined) return spec;
  throw new FluxRuntimeError(
    "invalid-argument",
    `No configuration is called "${name}". Use one of: ${checkpointSpecNames.join(", ")}.`,
    { name, expected: checkpointSpecNames },
  );
}

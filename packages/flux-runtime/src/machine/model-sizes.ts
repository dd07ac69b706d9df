import type { Checkpoint } from "../checkpoint/checkpoint.ts";
import { elementCount } from "../tensor.ts";
import type { CheckpointSpec } from "../synthesis/checkpoint-spec.ts";

/** What the arithmetic and the memory of a run are counted from. */
export interface ModelSizes {
  /** A distilled model takes one pass a step, and no embedding of the empty prompt. */
  readonly isDistilled: boolean;
  readonly transformer: {
    /** Channels of a token. */
    readonly channels: number;
    readonly mlpRatio: number;
    readonly blocks: number;
    /** How many numbers all weights are, whatever type they are stored in. */
    readonly weights: number;
    readonly storedBytes: number;
  };
  readonly textEncoder: {
    readonly hiddenSize: number;
    readonly intermediateSize: number;
    readonly queryChannels: number;
    readonly keyValueChannels: number;
    readonly storedBytes: number;
  };
  readonly autoencoder: {
    /** Channels at each resolution, outermost first. */
    readonly widths: readonly number[];
    readonly layersPerBlock: number;
  };
  /** Pixels of a side for each token. */
  readonly pixelsPerToken: number;
  readonly storedBytes: number;
}

/** The layers of the text encoder that a prompt embedding needs; those after them are never computed. */
export const ENCODER_LAYERS = 27;

/** The sizes of a checkpoint that is there. */
export function sizesOfCheckpoint({
  isDistilled,
  transformer,
  textEncoder,
  autoencoder,
}: Checkpoint): ModelSizes {
  const { config } = transformer;
  const text = textEncoder.config;
  const widths = autoencoder.config.block_out_channels;
  const stored = [transformer, textEncoder, autoencoder].map(({ weights }) =>
    [...weights.tensors.values()].reduce((sum, { byteLength }) => sum + byteLength, 0),
  );
  const [transformerBytes = 0, textEncoderBytes = 0, autoencoderBytes = 0] = stored;
  return {
    isDistilled,
    transformer: {
      channels: config.num_attention_heads * config.attention_head_dim,
      mlpRatio: config.mlp_ratio,
      blocks: config.num_layers + config.num_single_layers,
      weights: [...transformer.weights.tensors.values()].reduce(
        (sum, { shape }) => sum + elementCount(shape),
        0,
      ),
      storedBytes: transformerBytes,
    },
    textEncoder: {
      hiddenSize: text.hidden_size,
      intermediateSize: text.intermediate_size,
      queryChannels: text.num_attention_heads * text.head_dim,
      keyValueChannels: text.num_key_value_heads * text.head_dim,
      storedBytes: textEncoderBytes,
    },
    autoencoder: { widths, layersPerBlock: autoencoder.config.layers_per_block },
    pixelsPerToken: 2 ** widths.length,
    storedBytes: transformerBytes + textEncoderBytes + autoencoderBytes,
  };
}

/** The sizes of a checkpoint that is not there yet, from its specification: bfloat16 weights, two bytes each. */
export function sizesOfSpec({
  isDistilled = false,
  transformer,
  textEncoder,
  autoencoder,
}: CheckpointSpec): ModelSizes {
  const channels = transformer.heads * transformer.headSize;
  const blocks = transformer.jointBlocks + transformer.singleBlocks;
  const queryChannels = textEncoder.heads * textEncoder.headSize;
  const keyValueChannels = textEncoder.keyValueHeads * textEncoder.headSize;
  const { hiddenSize, intermediateSize, layers, stackedLayers = 3, vocabularySize } = textEncoder;
  const layer = hiddenSize * (2 * queryChannels + 2 * keyValueChannels + 3 * intermediateSize);
  // A joint block holds its matrices twice, for text and for image; the rest is embeddings and shared modulation.
  const weightsPerBlock = (4 + 3 * transformer.mlpRatio) * channels ** 2;
  const transformerWeights =
    weightsPerBlock * (blocks + transformer.jointBlocks) +
    (stackedLayers * hiddenSize + 18 * channels) * channels;
  const transformerBytes = 2 * transformerWeights;
  const textEncoderBytes = 2 * (layers * layer + vocabularySize * hiddenSize);
  return {
    isDistilled,
    transformer: {
      ...{ channels, mlpRatio: transformer.mlpRatio, blocks },
      weights: transformerWeights,
      storedBytes: transformerBytes,
    },
    textEncoder: {
      hiddenSize,
      intermediateSize,
      queryChannels,
      keyValueChannels,
      storedBytes: textEncoderBytes,
    },
    autoencoder: { widths: autoencoder.widths, layersPerBlock: 2 },
    pixelsPerToken: 2 ** autoencoder.widths.length,
    storedBytes: transformerBytes + textEncoderBytes,
  };
}

import { readTensor } from "../checkpoint/read-safetensors.ts";
import type { Checkpoint } from "../checkpoint/checkpoint.ts";
import { FluxRuntimeError } from "../errors.ts";
import type { ModelGraph, ModelGraphOptions } from "../graph/model-graph.ts";
import { buildAutoencoderDecoder } from "../models/autoencoder-decoder.ts";
import { buildAutoencoderEncoder } from "../models/autoencoder-encoder.ts";
import {
  packLatents,
  patchifyLatents,
  unpackLatents,
  unpatchifyLatents,
  type LatentSize,
} from "../sampling/latent-layout.ts";
import type { RuntimeOptions } from "../session/model-session.ts";
import { toTensor } from "../session/session-tensors.ts";
import { elementCount, requireTensor, type Tensor } from "../tensor.ts";
import { openModel } from "./open-model.ts";

/** Latents in the form in which the transformer reads them. */
export interface PackedLatents {
  /** [1, height · width, in_channels], patched 2 × 2 and normalised. */
  readonly tokens: Tensor;
  /** The grid of tokens. */
  readonly size: LatentSize;
}

/** Pixels along one side that become one token: the autoencoder's reduction times the patch. */
export function pixelsPerToken(checkpoint: Checkpoint): number {
  const { block_out_channels, patch_size } = checkpoint.autoencoder.config;
  return 2 ** (block_out_channels.length - 1) * patch_size[0];
}

/**
 * Encodes images into the transformer's reference tokens: the mode of the latent distribution, in 2 × 2 patches, normalised
 * by the batch-norm statistics.
 *
 * @param images - Each [1, 3, H, W] in [-1, 1], with H and W multiples of {@link pixelsPerToken}.
 * @throws {FluxRuntimeError} `invalid-argument` where an image is of another shape or its data do not fit it.
 *
 * Source: diffusers `Flux2KleinPipeline._encode_vae_image`.
 */
export async function encodeImages(
  checkpoint: Checkpoint,
  images: readonly Tensor[],
  runtime: RuntimeOptions = {},
): Promise<PackedLatents[]> {
  if (images.length === 0) return [];
  requireImages(checkpoint, images);
  const encoder = await openImageEncoder(checkpoint, runtime);
  try {
    const encoded: PackedLatents[] = [];
    for (const image of images) encoded.push(await encoder.encode(image));
    return encoded;
  } finally {
    await encoder.close();
  }
}

/** A loaded encoder of images. */
export interface ImageEncoder {
  /** Encodes one image that {@link requireImages} accepts. */
  encode(image: Tensor): Promise<PackedLatents>;
  /** Ends its process, which returns all of its memory. */
  close(): Promise<void>;
}

/** Loads the autoencoder's first half. @throws {FluxRuntimeError} where a weight is missing, or ONNX Runtime fails. */
export async function openImageEncoder(
  checkpoint: Checkpoint,
  runtime: RuntimeOptions = {},
): Promise<ImageEncoder> {
  const { config, weights } = checkpoint.autoencoder;
  const normalize = await latentNormalization(checkpoint);
  const build = (options: ModelGraphOptions): ModelGraph => buildAutoencoderEncoder(config, options);
  const session = await openModel(weights, build, { ...runtime, computeType: "float32" });
  return {
    async encode(image) {
      const outputs = await session.run({ sample: { type: "float32", ...image } });
      const patched = patchifyLatents(toTensor(outputs, "latent_mode")); // [1, C, height, width]
      const [height = 0, width = 0] = patched.shape.slice(2);
      const normalized = mapChannels(
        patched,
        (value, { mean, deviation }) => (value - mean) / deviation,
        normalize,
      );
      return { tokens: packLatents(normalized), size: { height, width } };
    },
    close: () => session.close(),
  };
}

/**
 * Requires images that the autoencoder encodes whole: at other sizes it would leave rows and columns out at the edges.
 *
 * @throws {FluxRuntimeError} `invalid-argument` where one is not [1, 3, H, W] with sides that are multiples of
 * {@link pixelsPerToken}, or its data do not fit its shape.
 */
export function requireImages(checkpoint: Checkpoint, images: readonly Tensor[]): void {
  if (checkpoint.cachesReferences && images.length > 0) {
    throw new FluxRuntimeError(
      "unsupported-config",
      `${checkpoint.folder} is a KV model, trained so that reference images attend to themselves only and at timestep 0, which is not computed here. Use a FLUX.2 Klein checkpoint of another pipeline for images with references, or leave them out.`,
      { folder: checkpoint.folder, images: images.length },
    );
  }
  const multiple = pixelsPerToken(checkpoint);
  for (const [index, image] of images.entries()) {
    // A caller without types may give a picture as readImage reads it, which has no shape.
    const shape: readonly number[] = Array.isArray(image.shape) ? image.shape : [];
    const [batch, channels, ...sides] = shape;
    const fits = sides.length === 2 && sides.every((side) => side > 0 && side % multiple === 0);
    if (batch !== 1 || channels !== 3 || !fits) {
      const received = shape.length === 0 ? "none" : `[${shape.join(", ")}]`;
      throw new FluxRuntimeError(
        "invalid-argument",
        `Image ${index + 1} must have the shape [1, 3, H, W], H and W multiples of ${multiple}, but has ${received}. Make it with prepareConditionImage.`,
        { index, multiple, received: shape },
      );
    }
    requireTensor(`image number ${index + 1}`, image);
  }
}

/**
 * Undoes packing and normalisation, up to what the decoder takes.
 *
 * @returns [1, latent_channels, 2 · height, 2 · width].
 */
export async function denormalizeLatents(
  checkpoint: Checkpoint,
  { tokens, size }: PackedLatents,
): Promise<Tensor> {
  const normalization = await latentNormalization(checkpoint);
  const patched = unpackLatents(tokens, size);
  const denormalized = mapChannels(
    patched,
    (value, { mean, deviation }) => Math.fround(value * deviation) + mean,
    normalization,
  );
  return unpatchifyLatents(denormalized);
}

/**
 * Decodes latents into an image.
 *
 * @returns [1, 3, H, W], about [-1, 1].
 *
 * Source: the end of diffusers `Flux2KleinPipeline.__call__`.
 */
export async function decodeLatents(
  checkpoint: Checkpoint,
  latents: PackedLatents,
  runtime: RuntimeOptions = {},
): Promise<Tensor> {
  const latent = await denormalizeLatents(checkpoint, latents);
  const decoder = await openImageDecoder(checkpoint, runtime);
  try {
    return await decoder.decode(latent);
  } finally {
    await decoder.close();
  }
}

/** A loaded decoder of images. */
export interface ImageDecoder {
  /** Decodes what {@link denormalizeLatents} gives into [1, 3, H, W], about [-1, 1]. */
  decode(latent: Tensor): Promise<Tensor>;
  /** Ends its process, which returns all of its memory. */
  close(): Promise<void>;
}

/** Loads the autoencoder's second half. @throws {FluxRuntimeError} where a weight is missing, or ONNX Runtime fails. */
export async function openImageDecoder(
  checkpoint: Checkpoint,
  runtime: RuntimeOptions = {},
): Promise<ImageDecoder> {
  const { config, weights } = checkpoint.autoencoder;
  const build = (options: ModelGraphOptions): ModelGraph => buildAutoencoderDecoder(config, options);
  const session = await openModel(weights, build, { ...runtime, computeType: "float32" });
  return {
    decode: async (latent) =>
      toTensor(await session.run({ latent: { type: "float32", ...latent } }), "sample"),
    close: () => session.close(),
  };
}

interface ChannelStatistics {
  readonly mean: number;
  readonly deviation: number;
}

/** Mean and standard deviation of each patched channel, from the running statistics of the autoencoder's batch norm. */
async function latentNormalization(checkpoint: Checkpoint): Promise<ChannelStatistics[]> {
  const { config, weights } = checkpoint.autoencoder;
  const shape = [config.latent_channels * config.patch_size[0] * config.patch_size[1]];
  const read = (name: string): Promise<Tensor> => {
    const weight = weights.locate(name, shape);
    return readTensor(weight.file, weight);
  };
  const means = await read("bn.running_mean");
  const variances = await read("bn.running_var");
  return [...means.data].map((mean, channel) => ({
    mean,
    deviation: Math.fround(Math.sqrt(Math.fround((variances.data[channel] ?? 0) + config.batch_norm_eps))),
  }));
}

/** Applies a function to each value of [1, C, H, W] with the statistics of its channel. */
function mapChannels(
  { data, shape }: Tensor,
  apply: (value: number, statistics: ChannelStatistics) => number,
  statistics: readonly ChannelStatistics[],
): Tensor {
  const plane = elementCount(shape.slice(2));
  const mapped = new Float32Array(data.length);
  for (const [channel, channelStatistics] of statistics.entries()) {
    const values = data.subarray(channel * plane, (channel + 1) * plane);
    mapped.set(
      values.map((value) => apply(value, channelStatistics)),
      channel * plane,
    );
  }
  return { data: mapped, shape };
}

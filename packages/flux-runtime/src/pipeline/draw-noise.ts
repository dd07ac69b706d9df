import type { Checkpoint } from "../checkpoint/checkpoint.ts";
import { packLatents, type LatentSize } from "../sampling/latent-layout.ts";
import { createTorchGenerator } from "../sampling/torch-generator.ts";
import type { PackedLatents } from "./image-latents.ts";

/**
 * The noise that an image starts from: the same numbers as PyTorch's CPU generator gives the reference pipeline.
 *
 * Source: diffusers `Flux2KleinPipeline.prepare_latents`.
 */
export function drawNoise(
  checkpoint: Checkpoint,
  { seed, size }: { readonly seed: number; readonly size: LatentSize },
): PackedLatents {
  const [noise] = drawNoises(checkpoint, { seed, size, count: 1 });
  return noise as PackedLatents; // one asked for, one drawn
}

/**
 * The noise of several images that one generator draws one after the other, as the reference gives it to a list of prompts.
 *
 * Source: diffusers `Flux2KleinPipeline.prepare_latents` with one generator for a batch.
 */
export function drawNoises(
  checkpoint: Checkpoint,
  { seed, size, count }: { readonly seed: number; readonly size: LatentSize; readonly count: number },
): PackedLatents[] {
  const { data, shape } = packLatents(
    createTorchGenerator(seed).randn([
      count,
      checkpoint.transformer.config.in_channels,
      size.height,
      size.width,
    ]),
  );
  const length = data.length / count;
  return Array.from({ length: count }, (_, item) => ({
    tokens: { data: data.slice(item * length, (item + 1) * length), shape: shape.with(0, 1) },
    size,
  }));
}

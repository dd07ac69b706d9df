import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Device } from "../session/device.ts";
import { timeProducts } from "../webgpu/time-products.ts";
import { openCheckpoint } from "../checkpoint/open-checkpoint.ts";
import { drawNoise } from "../pipeline/draw-noise.ts";
import { openTransformer } from "../pipeline/open-transformer.ts";
import { getCheckpointSpec, type CheckpointSpec } from "../synthesis/checkpoint-spec.ts";
import { synthesizeCheckpoint } from "../synthesis/synthesize-checkpoint.ts";
import { transformerOperations } from "./estimate-run.ts";
import { sizesOfCheckpoint } from "./model-sizes.ts";

/** Wide enough that the matrix products, not their calls, take the time; small enough to be made in a moment. */
const spec: CheckpointSpec = {
  ...getCheckpointSpec("tiny"),
  name: "throughput",
  transformer: {
    jointBlocks: 0,
    singleBlocks: 1,
    heads: 8,
    headSize: 128,
    mlpRatio: 3,
    ropeAxes: [32, 32, 32, 32],
  },
};

const TEXT_TOKENS = 512;
/** 512 tokens more. */
const SIZE = { width: 32, height: 16 };

/**
 * Measures how many floating-point operations a second a device reaches in a transformer block of random weights, for about half a
 * second, with the runtime and the arithmetic that a run uses; on WebGPU, in products of its size alone.
 *
 * @returns Operations a second, counted as the estimates count them.
 */
export async function measureThroughput(
  device: Device,
  {
    milliseconds = 500,
    signal,
  }: { readonly milliseconds?: number; readonly signal?: AbortSignal | undefined },
): Promise<number> {
  if (device === "webgpu") return timeProducts(device, signal && { signal }); // a block's weights would have to be converted first
  const folder = await mkdtemp(join(tmpdir(), "measure-plantain-throughput-"));
  try {
    await synthesizeCheckpoint(join(folder, "checkpoint"), spec);
    const checkpoint = await openCheckpoint(join(folder, "checkpoint"));
    const transformer = await openTransformer(checkpoint, { device, ...(signal && { signal }) });
    try {
      const channels = checkpoint.transformer.config.joint_attention_dim;
      const pass = {
        latents: drawNoise(checkpoint, { seed: 0, size: SIZE }),
        promptEmbeds: { data: new Float32Array(TEXT_TOKENS * channels), shape: [1, TEXT_TOKENS, channels] },
        timestep: 1_000,
      };
      await transformer.predict(pass); // allocates and warms up
      const seconds: number[] = [];
      for (const end = performance.now() + milliseconds; performance.now() < end;) {
        const began = performance.now();
        await transformer.predict(pass);
        seconds.push((performance.now() - began) / 1_000);
      }
      seconds.sort((a, b) => a - b);
      const median = seconds[Math.floor(seconds.length / 2)] ?? Infinity;
      const tokens = TEXT_TOKENS + SIZE.width * SIZE.height;
      const operations = transformerOperations(sizesOfCheckpoint(checkpoint).transformer, tokens);
      return operations / median;
    } finally {
      await transformer.close();
    }
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { openCheckpoint } from "../src/checkpoint/open-checkpoint.ts";
import { drawNoise } from "../src/pipeline/draw-noise.ts";
import { openTransformer } from "../src/pipeline/open-transformer.ts";
import type { ProcessMemory } from "../src/session/process-memory.ts";
import { getCheckpointSpec } from "../src/synthesis/checkpoint-spec.ts";
import { synthesizeCheckpoint } from "../src/synthesis/synthesize-checkpoint.ts";

const tiny = getCheckpointSpec("tiny");
let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "gigabyte-"));
  await synthesizeCheckpoint(join(folder, "checkpoint"), {
    ...tiny,
    transformer: { ...tiny.transformer, heads: 9, headSize: 128, ropeAxes: [32, 32, 32, 32] },
    largestShard: 400_000_000,
  });
});
afterAll(() => rm(folder, { recursive: true }));

it.skipIf(process.platform !== "linux")(
  "a transformer of 1 GB is mapped, not copied: a pass allocates less than 0.6 GB",
  async () => {
    const checkpoint = await openCheckpoint(join(folder, "checkpoint"));
    const { config, weights } = checkpoint.transformer;
    const weightBytes = [...weights.tensors.values()].reduce((sum, { byteLength }) => sum + byteLength, 0);
    expect(weightBytes).toBeGreaterThan(1e9);
    expect(new Set([...weights.tensors.values()].map(({ file }) => file)).size).toBe(3);

    let peak: ProcessMemory = { resident: 0, private: 0 };
    const transformer = await openTransformer(checkpoint, { onPeakMemory: (memory) => (peak = memory) });
    try {
      const size = { height: 8, width: 8 };
      const { velocity } = await transformer.predict({
        latents: drawNoise(checkpoint, { seed: 0, size }),
        promptEmbeds: {
          data: new Float32Array(64 * config.joint_attention_dim).fill(0.5),
          shape: [1, 64, config.joint_attention_dim],
        },
        timestep: 1_000,
      });
      expect(velocity.data.every(Number.isFinite)).toBe(true);
    } finally {
      await transformer.close();
    }
    expect(peak.private).toBeGreaterThan(1e7);
    expect(peak.private).toBeLessThan(0.6e9);
    expect(peak.resident).toBeGreaterThan(weightBytes); // the mapped file was read in whole
  },
);

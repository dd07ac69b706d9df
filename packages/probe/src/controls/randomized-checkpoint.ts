import { cacheFolder, openOrMakeCheckpoint, randomizeCheckpoint } from "@measure-plantain/flux-runtime";
import { join } from "node:path";
import type { CaptureOptions } from "../passes/capture-run.ts";
import { sha256 } from "../sha256.ts";
import type { ProbedCheckpoint } from "../settings/probed-checkpoint.ts";

/** The same checkpoint with random weights, from the user's cache, or drawn into it. */
export async function randomizedCheckpoint(
  { id, source, checkpoint }: ProbedCheckpoint,
  seed: number,
  { reporter, signal }: CaptureOptions,
): Promise<ProbedCheckpoint> {
  const { textEncoder, transformer, autoencoder } = checkpoint;
  const configs = [textEncoder.config, transformer.config, autoencoder.config, checkpoint.scheduler];
  const key = sha256(JSON.stringify([...configs, checkpoint.tokenizerFolder])).slice(0, 16);
  const folder = join(cacheFolder(), `randomized-${key}-seed-${seed}`);
  const onProgress = reporter.within(`drawing random weights, seed ${seed}`);
  const randomized = await openOrMakeCheckpoint(folder, () =>
    randomizeCheckpoint(checkpoint, folder, { seed, signal, onProgress }),
  );
  return {
    id: `${id} (random weights, seed ${seed})`,
    ...(source && { source }),
    change: { kind: "random-weights", seed, of: id },
    checkpoint: randomized,
    isSynthesized: true,
  };
}

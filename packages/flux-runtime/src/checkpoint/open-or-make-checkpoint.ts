import { readdir } from "node:fs/promises";
import { FluxRuntimeError } from "../errors.ts";
import type { Checkpoint } from "./checkpoint.ts";
import { openCheckpoint } from "./open-checkpoint.ts";

/**
 * Opens a checkpoint of a cache, which is made if it is not there yet. If another process makes the same one at the same
 * time and is first, its folder is taken.
 *
 * @param make - Writes the checkpoint, as `synthesizeCheckpoint`, `randomizeCheckpoint` and `editCheckpoint` do: for one
 * folder always the same.
 * @throws {FluxRuntimeError} as `make` and `openCheckpoint` do.
 */
export async function openOrMakeCheckpoint(
  folder: string,
  make: (folder: string) => Promise<void>,
): Promise<Checkpoint> {
  const entries = await readdir(folder).catch(() => []);
  if (entries.length === 0) {
    await make(folder).catch((error: unknown) => {
      const wasSecond = error instanceof FluxRuntimeError && error.code === "existing-folder";
      if (!wasSecond) throw error;
    });
  }
  return openCheckpoint(folder);
}

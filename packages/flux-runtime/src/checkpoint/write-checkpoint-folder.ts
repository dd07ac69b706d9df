import { mkdir, readdir, rename, rm } from "node:fs/promises";
import { dirname, resolve } from "node:path";
import { markName } from "../disk/process-mark.ts";
import { sweepUnfinished } from "../disk/sweep-unfinished.ts";
import { FluxRuntimeError } from "../errors.ts";

/**
 * Writes a checkpoint folder, which appears whole or not at all. What processes that were killed left unfinished next to
 * it is removed.
 *
 * @param fill - Puts the files into the folder that it is given, which then gets its name.
 * @param signal - Its reason is thrown as it is, once nothing is left of the folder.
 * @throws {FluxRuntimeError} `existing-folder`, also if another process was first; `unwritable-file`; else what `fill`
 * throws of that kind.
 */
export async function writeCheckpointFolder(
  folder: string,
  fill: (aside: string) => Promise<void>,
  signal?: AbortSignal,
): Promise<void> {
  const target = resolve(folder);
  await requireFree(target);
  const aside = markName(target, "partial");
  try {
    await mkdir(dirname(target), { recursive: true });
    await sweepUnfinished(dirname(target));
    await mkdir(aside);
    await fill(aside);
    await rename(aside, target);
  } catch (cause) {
    await rm(aside, { recursive: true, force: true });
    signal?.throwIfAborted();
    if (cause instanceof FluxRuntimeError) throw cause;
    await requireFree(target);
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new FluxRuntimeError(
      "unwritable-file",
      `The checkpoint ${target} could not be written: ${reason}. Give a folder that does not exist yet, on a disk with room.`,
      { folder: target },
      { cause },
    );
  }
}

async function requireFree(folder: string): Promise<void> {
  const entries = await readdir(folder).catch(() => []); // nothing there, or no folder, which the writing then tells
  if (entries.length === 0) return;
  throw new FluxRuntimeError(
    "existing-folder",
    `A checkpoint was to be written to ${folder}, but there is something in that folder. Give one that does not exist yet.`,
    { folder },
  );
}

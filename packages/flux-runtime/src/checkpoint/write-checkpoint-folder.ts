import { mkdir, mkdtemp, rename, rm } from "node:fs/promises";
import { basename, dirname, join, resolve } from "node:path";
import { FluxRuntimeError } from "../errors.ts";

/**
 * Writes a checkpoint folder, which appears whole or not at all.
 *
 * @param fill - Puts the files into the folder that it is given, which then gets its name.
 * @param signal - Its reason is thrown as it is, once nothing is left of the folder.
 * @throws {FluxRuntimeError} `unwritable-file`, also where the folder exists already; else what `fill` throws of that kind.
 */
export async function writeCheckpointFolder(
  folder: string,
  fill: (aside: string) => Promise<void>,
  signal?: AbortSignal,
): Promise<void> {
  const target = resolve(folder);
  await mkdir(dirname(target), { recursive: true });
  const aside = await mkdtemp(join(dirname(target), `.${basename(target)}-`));
  try {
    await fill(aside);
    await rename(aside, target);
  } catch (cause) {
    await rm(aside, { recursive: true, force: true });
    signal?.throwIfAborted();
    if (cause instanceof FluxRuntimeError) throw cause;
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new FluxRuntimeError(
      "unwritable-file",
      `The checkpoint ${target} could not be written: ${reason}. Give a folder that does not exist yet, on a disk with room.`,
      { folder: target },
      { cause },
    );
  }
}

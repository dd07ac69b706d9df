import { open, rename, rm } from "node:fs/promises";
import type { FileHandle } from "node:fs/promises";
import { dirname } from "node:path";
import { FluxRuntimeError } from "../errors.ts";
import { markName } from "./process-mark.ts";

/** A file that is being written beside its final place and appears there only when it is whole. */
export interface AsideFile {
  /** Appends bytes. */
  readonly write: (bytes: ArrayBufferView) => Promise<void>;
  /** Flushes to the disk and moves the file to its final place, replacing what was there. */
  readonly commit: () => Promise<void>;
  /** Gives up: removes what was written. A second call, or one after `commit`, does nothing. */
  readonly discard: () => Promise<void>;
}

/** Where to write. */
export interface AsideOptions {
  /** Opens the file; for tests and for other file systems. */
  readonly openFile?: typeof open;
}

/**
 * Opens a file for writing so that `path` never holds half of it.
 *
 * The bytes go to a `.partial` file in the same folder, whose name says which process writes it. `commit` flushes them and
 * renames; any failure removes the partial file. A process that is killed can leave one behind, never a damaged `path`.
 *
 * @throws {FluxRuntimeError} `disk-full` or `unwritable-file`, from this call and from each method.
 */
export async function openAside(path: string, { openFile = open }: AsideOptions = {}): Promise<AsideFile> {
  const partial = markName(path, "partial");
  let handle: FileHandle | undefined;

  const discard = async (): Promise<void> => {
    if (handle === undefined) return;
    const unfinished = handle;
    handle = undefined;
    await unfinished.close().catch(() => undefined);
    await rm(partial, { force: true });
  };
  const guard = async <Result>(work: (file: FileHandle) => Promise<Result>): Promise<Result> => {
    if (handle === undefined) {
      throw new FluxRuntimeError(
        "invalid-argument",
        `${path} was already committed or discarded, so nothing more can be written to it. Open it again.`,
        { path },
      );
    }
    try {
      return await work(handle);
    } catch (cause) {
      await discard();
      throw describeWriteFailure(path, cause);
    }
  };

  try {
    handle = await openFile(partial, "wx");
  } catch (cause) {
    throw describeWriteFailure(path, cause);
  }

  return {
    write: (bytes) =>
      guard(async (file) => {
        const buffer = new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength);
        // One call can write less than it was given: near a full disk, and always beyond 2 GiB.
        for (let start = 0; start < buffer.byteLength;) {
          const { bytesWritten } = await file.write(buffer.subarray(start, start + LARGEST_WRITE));
          start += bytesWritten;
        }
      }),
    commit: () =>
      guard(async (file) => {
        await file.sync();
        await file.close();
        await rename(partial, path);
        handle = undefined;
        await syncFolder(dirname(path));
      }),
    discard,
  };
}

/**
 * Writes a file that appears whole or not at all.
 *
 * @throws {FluxRuntimeError} `disk-full` or `unwritable-file`.
 */
export async function writeFileWhole(path: string, content: string | Uint8Array): Promise<void> {
  const file = await openAside(path);
  await file.write(typeof content === "string" ? Buffer.from(content) : content);
  await file.commit();
}

/** Linux writes at most 0x7ffff000 bytes a call; a round number below it. */
const LARGEST_WRITE = 2 ** 30;

/** Makes the rename itself durable; some systems cannot open a folder, and there the rename is durable by itself. */
async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, "r").catch(() => undefined);
  if (handle === undefined) return;
  await handle.sync().catch(() => undefined);
  await handle.close();
}

/** The error for a path that the system did not let be written. */
export function describeWriteFailure(path: string, cause: unknown): FluxRuntimeError {
  const code = cause instanceof Error && "code" in cause ? cause.code : undefined;
  const details = { path, systemCode: code };
  if (code === "ENOSPC" || code === "EDQUOT") {
    return new FluxRuntimeError(
      "disk-full",
      `The disk is full: ${path} could not be written whole, and the unfinished file was removed. Free space on that disk or choose another folder, then run again.`,
      details,
      { cause },
    );
  }
  if (code === "ENOENT") {
    return new FluxRuntimeError(
      "unwritable-file",
      `${path} could not be written: the folder ${dirname(path)} does not exist. Create it first.`,
      details,
      { cause },
    );
  }
  const reason = cause instanceof Error ? cause.message : String(cause);
  return new FluxRuntimeError(
    "unwritable-file",
    `${path} could not be written (${reason}). Check that the folder is writable.`,
    details,
    { cause },
  );
}

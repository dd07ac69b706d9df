import { setTimeout as wait } from "node:timers/promises";
import { FluxRuntimeError } from "../errors.ts";
import { lockFolder, type FolderLock } from "./lock-folder.ts";

/** What ends the waiting, and who is told of it. */
export interface WaitForFolderOptions {
  readonly signal?: AbortSignal | undefined;
  /** Told once, before the first wait, who has the folder. */
  readonly onWait?: ((holder: FolderHolder) => void) | undefined;
}

/** The process that writes into a folder. */
export interface FolderHolder {
  /** Its process id there. */
  readonly pid: number;
  /** The name of the machine that it runs on. */
  readonly host: string;
}

/** Milliseconds between two tries. */
const TRIED_EVERY = 200;

/**
 * Locks a folder as {@link lockFolder} does, and waits for as long as another call or process has it.
 *
 * @throws {FluxRuntimeError} `disk-full` or `unwritable-file`; else the signal's reason.
 */
export async function waitForFolder(
  folder: string,
  { signal, onWait }: WaitForFolderOptions = {},
): Promise<FolderLock> {
  for (let tries = 1; ; tries += 1) {
    signal?.throwIfAborted();
    try {
      return await lockFolder(folder);
    } catch (error) {
      if (!(error instanceof FluxRuntimeError) || error.code !== "folder-in-use") throw error;
      const { pid, host } = error.details;
      if (tries === 1) onWait?.({ pid: Number(pid), host: String(host) });
    }
    await wait(TRIED_EVERY, undefined, { ...(signal && { signal }) }).catch(() => undefined);
  }
}

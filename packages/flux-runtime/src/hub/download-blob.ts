import { mkdir, rename, rm } from "node:fs/promises";
import { dirname } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { FluxRuntimeError } from "../errors.ts";
import { pathExists } from "../path-exists.ts";
import { hashBlob } from "./hash-blob.ts";
import { isIntact, noteIntact } from "./intact-blobs.ts";
import type { HubFile } from "./list-snapshot.ts";
import { readUsablePart, sizeOf } from "./partial-blob.ts";
import { describeWriteFailure, transferBlob, type TransferOptions } from "./transfer-blob.ts";

/** How a content is fetched. */
export interface DownloadBlobOptions extends TransferOptions {
  /** Where it goes. While it is not whole, it lies next to that as `.incomplete`. */
  readonly blobPath: string;
  /** Connections in a row that may break off before they brought {@link WORTHWHILE} bytes. */
  readonly attempts?: number;
  /** Milliseconds before the second attempt; doubled before each further one. */
  readonly firstDelay?: number;
}

/** A connection that brought this much was no failure: the next one is not counted as its repetition. */
const WORTHWHILE = 16 * 2 ** 20;

/**
 * Fetches a content into the cache: goes on from what is there, checks the whole, and only then gives it its name. A content
 * that has its name already is checked, too: another tool may have been stopped while it wrote it.
 *
 * The caller is the only one of this program that writes into the cache. Another program may fetch the same content at once: it
 * writes the same bytes to the same places.
 *
 * @throws {FluxRuntimeError} `hub-invalid-answer`, `download-interrupted`, `download-corrupted`, `disk-full` or
 * `unwritable-file`; as the requests do; else the signal's reason.
 */
export async function downloadBlob(file: HubFile, options: DownloadBlobOptions): Promise<void> {
  const { blobPath, signal } = options;
  await mkdir(dirname(blobPath), { recursive: true }).catch((cause: unknown) => {
    throw describeWriteFailure(file, cause);
  });
  for (;;) {
    try {
      await fetchBlob(file, options);
      return;
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException; // only the file system's errors have one of these
      if (code !== "ENOENT" || signal?.aborted === true) throw error;
      // Between two looks at a file another program has renamed or removed it: what is there now decides.
    }
  }
}

async function fetchBlob(file: HubFile, options: DownloadBlobOptions): Promise<void> {
  const { blobPath, signal, attempts = 5, firstDelay = 500 } = options;
  const incomplete = `${blobPath}.incomplete`;
  let isOwn = false; // whether this call has fetched all that is there
  for (let failures = 0; !(await isStored(file, options));) {
    signal?.throwIfAborted();
    const start = await readUsablePart(incomplete, file);
    const isWhole = start === file.size && (await pathExists(incomplete));
    isOwn ||= start === 0;
    const broken = isWhole ? undefined : await transferBlob(file, { ...options, incomplete, start });
    if (broken === undefined) {
      if (await takeOver(file, { incomplete, blobPath, signal, isOwn })) return;
      continue; // what was there from before was of no use: from the start
    }
    const now = await readUsablePart(incomplete, file);
    failures = now - start >= WORTHWHILE ? 1 : failures + 1;
    if (failures >= attempts) throw interrupted(file, now, broken);
    await wait(firstDelay * 2 ** (failures - 1), undefined, { ...(signal && { signal }) }).catch(
      () => undefined,
    );
  }
  // Another program was first; what this one began after that is of no use.
  await rm(incomplete, { force: true });
}

/** Whether the content has its name and deserves it; one that does not is taken for the beginning of it, or removed. */
async function isStored({ checksum }: HubFile, { blobPath, signal }: DownloadBlobOptions): Promise<boolean> {
  const size = await sizeOf(blobPath);
  if (size === null) return false;
  if (await isIntact(blobPath, checksum, { signal })) return true;
  const incomplete = `${blobPath}.incomplete`;
  if (size > ((await sizeOf(incomplete)) ?? 0)) await rename(blobPath, incomplete);
  else await rm(blobPath, { force: true });
  return false;
}

interface TakeOver extends Pick<DownloadBlobOptions, "blobPath" | "signal"> {
  readonly incomplete: string;
  readonly isOwn: boolean;
}

/** Checks a whole content and gives it its name, or removes it; whether it has its name now. */
async function takeOver(file: HubFile, { blobPath, incomplete, signal, isOwn }: TakeOver): Promise<boolean> {
  const received = await hashBlob(incomplete, file.checksum, { signal });
  if (received === file.checksum) {
    await rename(incomplete, blobPath);
    await noteIntact(blobPath, file.checksum);
    return true;
  }
  await rm(incomplete, { force: true });
  if (isOwn) throw corrupted(file, received);
  return false;
}

function corrupted({ path, checksum }: HubFile, received: string): FluxRuntimeError {
  return new FluxRuntimeError(
    "download-corrupted",
    `${path} came with other bytes than were published (checksum ${received}, expected ${checksum}) and was removed. Try again; if it stays so, something between here and the hub changes the files.`,
    { path, expected: checksum, received },
  );
}

function interrupted({ path, size }: HubFile, received: number, { message }: Error): FluxRuntimeError {
  return new FluxRuntimeError(
    "download-interrupted",
    `The transfer of ${path} broke off at ${received} of ${size} bytes, time after time (${message}). What came is kept: the next attempt goes on from there.`,
    { path, received, expected: size },
  );
}

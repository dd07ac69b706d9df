import { createHash } from "node:crypto";
import { access, mkdir, open, rename, rm, stat } from "node:fs/promises";
import { constants, createReadStream } from "node:fs";
import { dirname } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { FluxRuntimeError } from "../errors.ts";
import type { HubFetch } from "./hub-fetch.ts";

/** A file of a repository, as the hub lists it. */
export interface HubFile {
  readonly path: string;
  readonly size: number;
  /**
   * Names the content, in the hub and in the cache, and checks it: the SHA-256 of a large file, or of a small one the SHA-1 that
   * git gives it.
   */
  readonly checksum: string;
}

/** How a content is fetched. */
export interface DownloadBlobOptions {
  readonly url: string;
  /** Where it goes. While it is not whole, it lies beside that as `.incomplete`. */
  readonly blobPath: string;
  readonly hubFetch: HubFetch;
  readonly signal?: AbortSignal | undefined;
  /** Told of every piece, in bytes. */
  readonly onBytes?: (count: number) => void;
  /** Connections in a row that may break off before they brought {@link WORTHWHILE} bytes. */
  readonly attempts?: number;
  /** Milliseconds before the second attempt; doubled before each further one. */
  readonly firstDelay?: number;
  /** Milliseconds without a byte after which a connection counts as broken. */
  readonly stallTimeout?: number;
  /** Opens the file; for tests. */
  readonly openFile?: typeof open;
}

/** A connection that brought this much was no failure: the next one is not counted as its repetition. */
const WORTHWHILE = 16 * 2 ** 20;

/**
 * Fetches a content into the cache: goes on where an earlier attempt broke off, checks the whole, and only then gives it its
 * name. Two processes that fetch the same content at once write the same bytes to the same places, so they do no harm.
 *
 * @throws {FluxRuntimeError} `download-interrupted`, `download-corrupted`, `disk-full` or `unwritable-file`; and as the requests do.
 */
export async function downloadBlob(file: HubFile, options: DownloadBlobOptions): Promise<void> {
  const { blobPath, signal, attempts = 5, firstDelay = 500 } = options;
  const incomplete = `${blobPath}.incomplete`;
  await mkdir(dirname(blobPath), { recursive: true }).catch((cause: unknown) => {
    throw describeWriteFailure(file, cause);
  });
  for (let failures = 0; !(await exists(blobPath));) {
    const start = await sizeOf(incomplete);
    if (start > file.size) await rm(incomplete, { force: true });
    else if (start === file.size && (await exists(incomplete))) {
      await takeOver(file, { blobPath, incomplete });
      return;
    } else {
      const broken = await transfer(file, { ...options, incomplete, start });
      if (broken === undefined) continue;
      const now = await sizeOf(incomplete);
      failures = now - start >= WORTHWHILE ? 1 : failures + 1;
      if (failures >= attempts) throw interrupted(file, now, broken);
      await wait(firstDelay * 2 ** (failures - 1), undefined, { ...(signal && { signal }) }).catch(() =>
        signal?.throwIfAborted(),
      );
    }
  }
  // Another process was first; what this one began anew after that is of no use.
  await rm(incomplete, { force: true });
}

interface Transfer extends DownloadBlobOptions {
  readonly incomplete: string;
  readonly start: number;
}

/** Appends what is missing; returns why the connection broke off, if it did. */
async function transfer(file: HubFile, options: Transfer): Promise<Error | undefined> {
  const { url, hubFetch, signal, onBytes, stallTimeout = 30_000, openFile = open, incomplete } = options;
  const stalled = new AbortController();
  const response = await hubFetch(url, {
    signal: stalled.signal,
    headers: {
      "Accept-Encoding": "identity", // a range of compressed bytes would be of no use
      ...(options.start > 0 && { Range: `bytes=${options.start}-` }),
    },
  });
  // A server that knows no ranges sends all of it again; the same bytes go to the same places.
  let position = response.status === 206 ? options.start : 0;
  const target = await openFile(incomplete, constants.O_CREAT | constants.O_WRONLY).catch(
    (cause: unknown) => {
      stalled.abort();
      throw describeWriteFailure(file, cause);
    },
  );
  const timer = setTimeout(() => {
    stalled.abort(new Error(`no byte for ${stallTimeout / 1_000} s`));
  }, stallTimeout);
  try {
    const body: ReadableStream<Uint8Array> | null = response.body;
    const reader = body?.getReader();
    for (;;) {
      const { done, value: piece } = (await reader?.read()) ?? { done: true };
      if (done) break;
      timer.refresh();
      if (position + piece.length > file.size) return new Error("more bytes came than were announced");
      try {
        for (let written = 0; written < piece.length;) {
          const { bytesWritten } = await target.write(piece, written, piece.length - written, position);
          written += bytesWritten;
          position += bytesWritten;
        }
      } catch (cause) {
        throw describeWriteFailure(file, cause);
      }
      onBytes?.(piece.length);
    }
    await target.sync();
    return position === file.size ? undefined : new Error("the connection was closed");
  } catch (error) {
    signal?.throwIfAborted();
    if (error instanceof FluxRuntimeError || !(error instanceof Error)) throw error;
    return error.cause instanceof Error ? error.cause : error;
  } finally {
    clearTimeout(timer);
    stalled.abort();
    await target.close();
  }
}

/** Checks a whole content and gives it its name, or removes it. */
async function takeOver(
  file: HubFile,
  { blobPath, incomplete }: { readonly blobPath: string; readonly incomplete: string },
): Promise<void> {
  try {
    const received = await checksumOf(incomplete, file);
    if (received !== file.checksum) {
      await rm(incomplete, { force: true });
      throw new FluxRuntimeError(
        "download-corrupted",
        `${file.path} came with other bytes than were published (checksum ${received}, expected ${file.checksum}) and was removed. Try again; if it stays so, something between here and the hub changes the files.`,
        { path: file.path, expected: file.checksum, received },
      );
    }
    await rename(incomplete, blobPath);
  } catch (error) {
    // Gone: another process has taken over the same content.
    if (!((error as NodeJS.ErrnoException).code === "ENOENT" && (await exists(blobPath)))) throw error;
  }
}

async function checksumOf(path: string, { checksum, size }: HubFile): Promise<string> {
  const isSha256 = checksum.length === 64;
  const hash = createHash(isSha256 ? "sha256" : "sha1");
  if (!isSha256) hash.update(`blob ${size}\0`); // git's name for a content
  for await (const chunk of createReadStream(path)) hash.update(chunk as Uint8Array); // no encoding: bytes
  return hash.digest("hex");
}

function interrupted({ path, size }: HubFile, received: number, { message }: Error): FluxRuntimeError {
  return new FluxRuntimeError(
    "download-interrupted",
    `The transfer of ${path} broke off at ${received} of ${size} bytes, time after time (${message}). What came is kept: the next attempt goes on from there.`,
    { path, received, expected: size },
  );
}

function describeWriteFailure({ path }: HubFile, cause: unknown): FluxRuntimeError {
  const { code, message } = cause as NodeJS.ErrnoException; // the file system's errors have both
  if (code === "ENOSPC" || code === "EDQUOT") {
    return new FluxRuntimeError(
      "disk-full",
      `The disk is full: ${path} could not be stored whole (${message}). Free some room, or set HF_HUB_CACHE to a folder with more; what came is kept, and the next attempt goes on from there.`,
      { path },
      { cause },
    );
  }
  return new FluxRuntimeError(
    "unwritable-file",
    `${path} could not be stored in the cache (${message}). Make the folder writable, or set HF_HUB_CACHE to another.`,
    { path },
    { cause },
  );
}

async function sizeOf(path: string): Promise<number> {
  return stat(path).then(
    ({ size }) => size,
    () => 0,
  );
}

function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}

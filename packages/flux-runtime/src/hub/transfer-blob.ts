import { constants } from "node:fs";
import { open, rm, type FileHandle } from "node:fs/promises";
import { FluxRuntimeError } from "../errors.ts";
import { checkAnswer, originOf } from "./check-answer.ts";
import type { HubFetch } from "./hub-fetch.ts";
import { invalidAnswer } from "./invalid-answer.ts";
import type { HubFile } from "./list-snapshot.ts";

/** How a connection is made, and when it counts as broken. */
export interface TransferOptions {
  readonly url: string;
  readonly hubFetch: HubFetch;
  readonly signal?: AbortSignal | undefined;
  /** Told of every piece, in bytes. */
  readonly onBytes?: (count: number) => void;
  /** Milliseconds within which a connection must bring {@link LEAST_BYTES}, again and again, not to count as broken. */
  readonly stallTimeout?: number;
  /** Opens the file; for tests. */
  readonly openFile?: typeof open;
}

/** Where a transfer goes on. */
export interface Transfer extends TransferOptions {
  /** The file that is written. */
  readonly incomplete: string;
  /** Bytes of the content that are in it. */
  readonly start: number;
}

/** At 30 seconds, two kilobytes a second: what is slower takes months for a model, and is not meant to end. */
const LEAST_BYTES = 2 ** 16;

/**
 * Appends what is missing of a content over one connection. What cannot be the content is refused before a byte of it is
 * stored. What turns out not to be it is removed, and so is what broke off without having said how much would come.
 *
 * @returns Why the connection broke off, if it did.
 * @throws {FluxRuntimeError} `hub-invalid-answer`, `disk-full`, `unwritable-file`; as the request does; else the signal's reason.
 */
export async function transferBlob(file: HubFile, options: Transfer): Promise<Error | undefined> {
  const { url, hubFetch, signal, incomplete, start, openFile = open } = options;
  const connection = new AbortController();
  try {
    const response = await hubFetch(url, {
      signal: connection.signal,
      headers: {
        "Accept-Encoding": "identity", // a range of packed bytes would be of no use
        ...(start > 0 && { Range: `bytes=${start}-` }),
      },
    });
    // A server that knows no ranges sends all of it again; the same bytes go to the same places.
    const { position, end } = checkAnswer(file, response, start);
    const target = await openFile(incomplete, constants.O_CREAT | constants.O_WRONLY).catch(
      (cause: unknown) => {
        throw describeWriteFailure(file, cause);
      },
    );
    const { received, broken } = await receive(file, response, {
      ...options,
      target,
      position,
      connection,
    }).finally(() => target.close());
    signal?.throwIfAborted();
    if (received === file.size) return undefined;
    const isOther = received > file.size || (broken === undefined && end === null);
    if (isOther || end === null) await rm(incomplete, { force: true });
    if (isOther) throw otherLength(file, response, received);
    return broken ?? new Error("the connection was closed");
  } finally {
    connection.abort();
  }
}

interface Reception extends Transfer {
  readonly target: FileHandle;
  readonly position: number;
  readonly connection: AbortController;
}

/** Writes what comes, as long as it comes; where in the file that ends, and why, unless the answer was at its end. */
async function receive(
  file: HubFile,
  { body }: Response,
  { target, position, connection, onBytes, stallTimeout = 30_000 }: Reception,
): Promise<{ readonly received: number; readonly broken?: Error }> {
  let received = position;
  let before = received;
  const timer = setInterval(() => {
    if (received - before < LEAST_BYTES) {
      connection.abort(new Error(`less than ${LEAST_BYTES} bytes in ${stallTimeout / 1_000} s`));
    }
    before = received;
  }, stallTimeout);
  try {
    const stream: ReadableStream<Uint8Array> | null = body;
    for await (const piece of stream ?? []) {
      if (received + piece.length > file.size) return { received: received + piece.length };
      await write(target, piece, received).catch((cause: unknown) => {
        throw describeWriteFailure(file, cause);
      });
      received += piece.length;
      onBytes?.(piece.length);
    }
    await target.sync();
    return { received };
  } catch (error) {
    if (error instanceof FluxRuntimeError || !(error instanceof Error)) throw error;
    // fetch says only that it failed; the cause says why.
    return { received, broken: error.cause instanceof Error ? error.cause : error };
  } finally {
    clearInterval(timer);
  }
}

/** One call can write less than it was given. */
async function write(target: FileHandle, piece: Uint8Array, position: number): Promise<void> {
  for (let written = 0; written < piece.length;) {
    const { bytesWritten } = await target.write(piece, written, piece.length - written, position + written);
    written += bytesWritten;
  }
}

function otherLength(file: HubFile, { url }: Response, received: number): FluxRuntimeError {
  const amount = received > file.size ? `more than ${file.size}` : `only ${received}`;
  return invalidAnswer(originOf(url), `for ${file.path} of ${file.size} bytes it sends ${amount}`);
}

/** A file of the cache that cannot be written, in words. */
export function describeWriteFailure({ path }: HubFile, cause: unknown): FluxRuntimeError {
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

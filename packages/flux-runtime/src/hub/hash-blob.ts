import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { stat } from "node:fs/promises";

/** What ends the reading, and who is told of it. */
export interface HashBlobOptions {
  readonly signal?: AbortSignal | undefined;
  /** Told of every piece, in bytes. */
  readonly onBytes?: ((count: number) => void) | undefined;
}

/**
 * Computes the checksum of a content of the kind that a checksum is: SHA-256 in hexadecimal if it has 64 digits, else the
 * SHA-1 that git gives a file.
 *
 * @throws The signal's reason.
 */
export async function hashBlob(
  path: string,
  checksum: string,
  { signal, onBytes }: HashBlobOptions = {},
): Promise<string> {
  const isSha256 = checksum.length === 64;
  const hash = createHash(isSha256 ? "sha256" : "sha1");
  if (!isSha256) hash.update(`blob ${(await stat(path)).size}\0`);
  for await (const chunk of createReadStream(path, { highWaterMark: 2 ** 20 })) {
    signal?.throwIfAborted();
    const bytes = chunk as Uint8Array; // no encoding was given
    hash.update(bytes);
    onBytes?.(bytes.length);
  }
  return hash.digest("hex");
}

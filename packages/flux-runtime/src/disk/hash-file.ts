import { createHash, type Hash } from "node:crypto";
import { createReadStream } from "node:fs";

/** What ends the reading, and who is told of it. */
export interface HashFileOptions {
  readonly signal?: AbortSignal | undefined;
  /** Told of every piece, in bytes. */
  readonly onBytes?: ((count: number) => void) | undefined;
}

/**
 * Computes the checksum of a file, in hexadecimal.
 *
 * @param hash - What is hashed before the file's bytes; SHA-256 of nothing where absent.
 * @throws The signal's reason.
 */
export async function hashFile(
  path: string,
  { signal, onBytes }: HashFileOptions = {},
  hash: Hash = createHash("sha256"),
): Promise<string> {
  for await (const chunk of createReadStream(path, { highWaterMark: 2 ** 20 })) {
    signal?.throwIfAborted();
    const bytes = chunk as Uint8Array; // no encoding was given
    hash.update(bytes);
    onBytes?.(bytes.length);
  }
  return hash.digest("hex");
}

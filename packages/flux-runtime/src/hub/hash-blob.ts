import { createHash } from "node:crypto";
import { stat } from "node:fs/promises";
import { hashFile, type HashFileOptions } from "../disk/hash-file.ts";

/**
 * Computes the checksum of a content of the kind that a checksum is: SHA-256 in hexadecimal if it has 64 digits, else the
 * SHA-1 that git gives a file.
 *
 * @throws The signal's reason.
 */
export async function hashBlob(
  path: string,
  checksum: string,
  options: HashFileOptions = {},
): Promise<string> {
  if (checksum.length === 64) return hashFile(path, options);
  const { size } = await stat(path);
  return hashFile(path, options, createHash("sha1").update(`blob ${size}\0`));
}

import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { open, readFile, stat } from "node:fs/promises";
import { listFingerprintedFiles, type Checkpoint } from "@measure-plantain/flux-runtime";
import { sha256 } from "../sha256.ts";

/** What identifies one file of a checkpoint without reading all of it. */
export interface FileFingerprint {
  /** Path within the checkpoint, of a model that was given as a file of its own as if it lay there. */
  readonly file: string;
  /** Its size. */
  readonly bytes: number;
  /**
   * SHA-256 of a weight file's header (names, types, shapes, offsets), of any other file's content: also of an adapter's, since
   * all those of one training have the same header.
   */
  readonly headerSha256: string;
  /** SHA-256 of the whole file, if it was asked for. */
  readonly sha256?: string;
}

/** The fingerprints of every file that a run depends on, sorted by name. */
export async function fingerprintCheckpoint(
  checkpoint: Checkpoint,
  { full }: { full: boolean },
): Promise<FileFingerprint[]> {
  const files = await listFingerprintedFiles(checkpoint);
  return Promise.all(
    files.map(async ({ path, source }) => ({
      file: path,
      bytes: (await stat(source)).size,
      headerSha256: await identify(path, source),
      ...(full && { sha256: await sha256OfFile(source) }),
    })),
  );
}

async function identify(path: string, source: string): Promise<string> {
  if (path.startsWith("loras/")) return sha256OfFile(source);
  return sha256(path.endsWith(".safetensors") ? await readHeader(source) : await readFile(source));
}

async function readHeader(path: string): Promise<Uint8Array> {
  const file = await open(path);
  try {
    const length = new BigUint64Array(1);
    await file.read(length, 0, 8, 0);
    const header = new Uint8Array(Number(length[0] ?? 0n));
    await file.read(header, 0, header.length, 8);
    return header;
  } finally {
    await file.close();
  }
}

async function sha256OfFile(path: string): Promise<string> {
  const hash = createHash("sha256");
  for await (const chunk of createReadStream(path)) hash.update(chunk as Uint8Array); // no encoding: bytes
  return hash.digest("hex");
}

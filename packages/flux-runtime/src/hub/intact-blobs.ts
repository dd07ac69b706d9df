import { mkdir, readFile, stat } from "node:fs/promises";
import { dirname, join } from "node:path";
import { sweepUnfinished } from "../disk/sweep-unfinished.ts";
import { writeFileWhole } from "../disk/write-aside.ts";
import { cacheFolder } from "./cache-folder.ts";
import type { HashFileOptions } from "../disk/hash-file.ts";
import { hashBlob } from "./hash-blob.ts";

/**
 * Whether a content in the cache is there and has the bytes that its checksum names. Other tools write to the same cache, and any of them
 * may have been stopped midway.
 *
 * A content is read once: that it was intact is noted in the user's cache folder with its place, size and date, and holds until
 * one of them changes.
 *
 * @throws The signal's reason.
 */
export async function isIntact(
  path: string,
  checksum: string,
  options: HashFileOptions = {},
): Promise<boolean> {
  if (await isKnownIntact(path, checksum)) return true;
  const found = await hashBlob(path, checksum, options).catch((error: unknown) => {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return null; // removed meanwhile by who repairs it
    throw error;
  });
  if (found !== checksum) return false;
  await noteIntact(path, checksum);
  return true;
}

/** Whether a content was found intact before and is the same file still. */
export async function isKnownIntact(path: string, checksum: string): Promise<boolean> {
  const note = await readFile(noteOf(checksum), "utf8").catch(() => null);
  return note !== null && note === (await describe(path));
}

/** Notes that a content was read and has the bytes that its checksum names. */
export async function noteIntact(path: string, checksum: string): Promise<void> {
  const note = noteOf(checksum);
  const write = async (): Promise<void> => {
    await mkdir(dirname(note), { recursive: true });
    await sweepUnfinished(dirname(note));
    await writeFileWhole(note, await describe(path));
  };
  await write().catch(() => undefined); // without the note it is read again the next time
}

function noteOf(checksum: string): string {
  return join(cacheFolder(), "intact-blobs", checksum);
}

async function describe(path: string): Promise<string> {
  const { size, mtimeMs } = await stat(path);
  return `${JSON.stringify({ path, size, mtimeMs })}\n`;
}

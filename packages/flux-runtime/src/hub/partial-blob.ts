import { open, rm, stat } from "node:fs/promises";
import type { HubFile } from "./list-snapshot.ts";

/** The size of a file; null if there is none. */
export async function sizeOf(path: string): Promise<number | null> {
  return stat(path).then(
    ({ size }) => size,
    () => null,
  );
}

/**
 * Bytes of a content that are there from an earlier attempt, this program's or another's. A part that cannot be the beginning
 * of the content is removed: it would be found out only by the checksum, after gigabytes.
 */
export async function readUsablePart(path: string, file: HubFile): Promise<number> {
  const size = (await sizeOf(path)) ?? 0;
  if (size <= file.size && (size === 0 || (await canBegin(path, file)))) return size;
  await rm(path, { force: true });
  return 0;
}

/** Safetensors files begin with the length of their header and its brace; none of the others begins as a web page does. */
async function canBegin(path: string, file: HubFile): Promise<boolean> {
  const start = await readStart(path, 9);
  if (!file.path.endsWith(".safetensors")) return start[0] !== "<".charCodeAt(0);
  if (start.length < 9) return false;
  const view = new DataView(start.buffer, start.byteOffset, start.byteLength);
  return view.getBigUint64(0, true) + 8n <= BigInt(file.size) && start[8] === "{".charCodeAt(0);
}

async function readStart(path: string, length: number): Promise<Uint8Array> {
  const handle = await open(path);
  try {
    const { buffer, bytesRead } = await handle.read(new Uint8Array(length), 0, length, 0);
    return buffer.subarray(0, bytesRead);
  } finally {
    await handle.close();
  }
}

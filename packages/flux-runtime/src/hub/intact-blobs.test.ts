import { mkdtemp, rm, stat, utimes, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { listedFile } from "../../test/hub-server.ts";
import { isIntact } from "./intact-blobs.ts";

const content = Buffer.from("some bytes");
const { checksum } = listedFile("weights.safetensors", content);
let folder: string;
let path: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "intact-"));
  path = join(folder, "blob");
  vi.stubEnv("MEASURE_PLANTAIN_CACHE", join(folder, "cache"));
});
afterEach(async () => {
  vi.unstubAllEnvs();
  await rm(folder, { recursive: true });
});

/** Whether it is intact, and how many bytes were read to find out. */
async function check(): Promise<{ intact: boolean; read: number }> {
  let read = 0;
  const intact = await isIntact(path, checksum, { onBytes: (count) => (read += count) });
  return { intact, read };
}

it("isIntact reads a content once", async () => {
  await writeFile(path, content);
  expect(await check()).toEqual({ intact: true, read: content.length });
  expect(await check()).toEqual({ intact: true, read: 0 });
});

it("isIntact reads a damaged content every time", async () => {
  await writeFile(path, content.subarray(1));
  expect(await check()).toEqual({ intact: false, read: content.length - 1 });
  expect(await check()).toEqual({ intact: false, read: content.length - 1 });
});

it.each([
  ["has another size", content.subarray(1), 0],
  ["has another date", Buffer.alloc(content.length), 10],
])("isIntact reads a content again that %s", async (_, changed, seconds) => {
  await writeFile(path, content);
  await check();
  const { atime, mtime } = await stat(path);
  await writeFile(path, changed);
  await utimes(path, atime, new Date(mtime.getTime() + 1_000 * seconds));
  expect(await check()).toEqual({ intact: false, read: changed.length });
});

it("isIntact reads a content again where no cache can be written", async () => {
  await writeFile(path, content);
  await writeFile(join(folder, "cache"), "a file, not a folder");
  expect(await check()).toEqual({ intact: true, read: content.length });
  expect(await check()).toEqual({ intact: true, read: content.length });
});

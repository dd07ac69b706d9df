import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { listCacheEntries, removeCacheEntries } from "./cache-entries.ts";

let cache: string;
beforeEach(() => {
  cache = mkdtempSync(join(tmpdir(), "cache-entries-"));
  vi.stubEnv("MEASURE_PLANTAIN_CACHE", cache);
});
afterEach(() => {
  vi.unstubAllEnvs();
  rmSync(cache, { recursive: true });
});

const put = (path: string, bytes: number): void => {
  mkdirSync(join(cache, path, ".."), { recursive: true });
  writeFileSync(join(cache, path), Buffer.alloc(bytes));
};

it("lists checkpoints and converted weights with their sizes, the largest first, and nothing else", async () => {
  put("random-tiny-v2/vae/weights", 10);
  put("webgpu-weights/transformer-abc/one", 20);
  put("webgpu-weights/transformer-abc/two", 5);
  put("gguf-weights/klein-Q8_0-abc/model.safetensors", 15);
  put("planted-xyz/model_index.json", 1);
  put("planted-half.1-2-0123abcd-0123abcd.partial/model_index.json", 1); // what someone is making
  put("intact-blobs/abc", 100);
  put("notes.txt", 100);
  const entries = await listCacheEntries();
  expect(entries.map(({ name, kind, bytes }) => [name, kind, bytes])).toEqual([
    ["webgpu-weights/transformer-abc", "converted-weights", 25],
    ["gguf-weights/klein-Q8_0-abc", "converted-weights", 15],
    ["random-tiny-v2", "checkpoint", 10],
    ["planted-xyz", "checkpoint", 1],
  ]);
});

it("removes what it is given, and leaves the rest", async () => {
  put("random-tiny-v2/weights", 10);
  put("webgpu-weights/vae-abc/one", 20);
  const entries = await listCacheEntries();
  await removeCacheEntries(entries.filter(({ kind }) => kind === "converted-weights"));
  expect(existsSync(join(cache, "webgpu-weights/vae-abc"))).toBe(false);
  expect((await listCacheEntries()).map(({ name }) => name)).toEqual(["random-tiny-v2"]);
});

it("lists nothing where there is no cache", async () => {
  vi.stubEnv("MEASURE_PLANTAIN_CACHE", join(cache, "none"));
  expect(await listCacheEntries()).toEqual([]);
});

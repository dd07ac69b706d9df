import { lstat, readdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { ggufWeightsFolder } from "../gguf/convert-gguf.ts";
import { cacheFolder } from "../hub/cache-folder.ts";
import { convertedWeightsFolder } from "../webgpu/converted-weights.ts";
import { isUnfinished } from "./sweep-unfinished.ts";

/** Something in the cache folder that was made there, and is made again when it is needed. */
export interface CacheEntry {
  /** Its path below the cache folder, with `/` between the parts. */
  readonly name: string;
  /** A checkpoint of random or altered weights, or weights that were converted for WebGPU or from GGUF. */
  readonly kind: "checkpoint" | "converted-weights";
  /** Absolute path. */
  readonly folder: string;
  /** What its files hold. */
  readonly bytes: number;
}

/** What the cache folder holds, the largest first; nothing where there is no folder yet. */
export async function listCacheEntries(): Promise<CacheEntry[]> {
  const [converted, widened] = await Promise.all(
    [convertedWeightsFolder(), ggufWeightsFolder()].map(listFolders),
  );
  const checkpoints = (await listFolders(cacheFolder())).filter((name) =>
    /^(random|randomized|planted)-/.test(name),
  );
  const entries = await Promise.all([
    ...checkpoints.map((name) => describe(name, "checkpoint", join(cacheFolder(), name))),
    ...(converted ?? []).map((name) =>
      describe(`webgpu-weights/${name}`, "converted-weights", join(convertedWeightsFolder(), name)),
    ),
    ...(widened ?? []).map((name) =>
      describe(`gguf-weights/${name}`, "converted-weights", join(ggufWeightsFolder(), name)),
    ),
  ]);
  return entries.sort((a, b) => b.bytes - a.bytes);
}

/** Removes entries of the cache folder. A run that has them open keeps what it has loaded. */
export async function removeCacheEntries(entries: readonly CacheEntry[]): Promise<void> {
  for (const { folder } of entries) await rm(folder, { recursive: true, force: true });
}

async function listFolders(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { withFileTypes: true }).catch(() => []);
  return entries.filter((entry) => entry.isDirectory() && !isUnfinished(entry.name)).map(({ name }) => name);
}

async function describe(name: string, kind: CacheEntry["kind"], folder: string): Promise<CacheEntry> {
  const files = await readdir(folder, { recursive: true }).catch(() => []);
  const sizes = await Promise.all(
    files.map(async (file) => {
      const found = await lstat(join(folder, file)).catch(() => null); // removed by now
      return found?.isFile() === true ? found.size : 0;
    }),
  );
  return { name, kind, folder, bytes: sizes.reduce((sum, size) => sum + size, 0) };
}

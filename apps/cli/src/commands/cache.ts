import { cacheFolder, listCacheEntries, removeCacheEntries } from "@measure-plantain/flux-runtime";
import { writeResult } from "../terminal/write-text.ts";
import { UsageError } from "../usage-error.ts";

/** Lists what this program made in its cache folder, with sizes. */
export async function listCache({ json }: { readonly json: boolean }): Promise<void> {
  const entries = await listCacheEntries();
  if (json) writeResult(`${JSON.stringify({ folder: cacheFolder(), entries }, null, 2)}\n`);
  else {
    for (const { name, bytes } of entries) writeResult(`${megabytes(bytes)}\t${name}\n`);
    writeResult(`${megabytes(entries.reduce((sum, { bytes }) => sum + bytes, 0))}\tin ${cacheFolder()}\n`);
  }
}

/**
 * Removes entries of the cache folder by their names, or all of a kind; what is needed again is made again.
 *
 * @throws UsageError for a name that the cache does not hold.
 */
export async function removeFromCache(
  names: readonly string[],
  { converted }: { readonly converted: boolean },
): Promise<void> {
  const entries = await listCacheEntries();
  const unknown = names.find((wanted) => !entries.some(({ name }) => name === wanted));
  if (unknown !== undefined || (names.length === 0 && !converted)) {
    const held = entries.map(({ name }) => name).join(", ") || "nothing";
    throw new UsageError(
      unknown === undefined
        ? "Name what to remove, or pass --converted. `measure-plantain cache list` shows what there is."
        : `The cache folder ${cacheFolder()} holds no ${unknown}; it holds ${held}.`,
    );
  }
  const removed = entries.filter(
    ({ name, kind }) => names.includes(name) || (converted && kind === "converted-weights"),
  );
  await removeCacheEntries(removed);
  for (const { name, bytes } of removed) writeResult(`removed\t${megabytes(bytes)}\t${name}\n`);
}

function megabytes(bytes: number): string {
  return `${(bytes / 1e6).toFixed(1)} MB`;
}

import { startStage, type OnProgress } from "../progress.ts";
import type { HubCache } from "./hub-cache.ts";
import { isIntact, isKnownIntact } from "./intact-blobs.ts";
import type { NeededParts } from "./needed-files.ts";
import { sizeOf } from "./partial-blob.ts";

/**
 * Finds the files of a snapshot that have other bytes than were published, by the checksums that their contents are named by.
 * What was found intact before is not read again. Files that are not links to named contents cannot be checked.
 *
 * @throws The signal's reason.
 */
export async function findDamagedFiles(
  cache: HubCache,
  commit: string,
  {
    models,
    signal,
    onProgress,
  }: NeededParts & {
    readonly signal?: AbortSignal | undefined;
    readonly onProgress?: OnProgress | undefined;
  },
): Promise<string[]> {
  const blobs = await cache.listBlobs(commit, { models });
  const isKnown = await Promise.all(blobs.map(({ path, checksum }) => isKnownIntact(path, checksum)));
  const unknown = blobs.filter((_, index) => isKnown[index] !== true);
  if (unknown.length === 0) return [];
  const sizes = await Promise.all(unknown.map(({ path }) => sizeOf(path)));
  const total = sizes.reduce<number>((sum, size) => sum + (size ?? 0), 0);
  const report = startStage(onProgress, { stage: "checking", unit: "bytes", total });
  const damaged: string[] = [];
  let done = 0;
  const onBytes = (count: number): void => {
    report((done += count));
  };
  for (const { file, path, checksum } of unknown) {
    if (!(await isIntact(path, checksum, { signal, onBytes }))) damaged.push(file);
  }
  return damaged;
}

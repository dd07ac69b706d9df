import { FluxRuntimeError } from "../errors.ts";
import { downloadSnapshot, type DownloadSnapshotOptions } from "./download-snapshot.ts";
import { findDamagedFiles } from "./find-damaged-files.ts";
import { HubCache } from "./hub-cache.ts";
import { readHubEnvironment } from "./hub-environment.ts";
import { formatRepository, type HubRepository } from "./hub-repository.ts";

/** A snapshot in the cache that has all files that a checkpoint is opened from. */
export interface ProvidedSnapshot {
  readonly commit: string;
  readonly folder: string;
}

/**
 * Gives a snapshot whose files are all there and have the bytes that were published: as the cache has it, or downloaded so far
 * as it has not.
 *
 * @param commit - The commit of the snapshot in the cache that has all files; null if there is none.
 * @throws {FluxRuntimeError} `download-corrupted` if a file is damaged and nothing may be downloaded; as `downloadSnapshot` does.
 */
export async function provideSnapshot(
  repository: HubRepository,
  commit: string | null,
  { offline = false, ...options }: DownloadSnapshotOptions & { readonly offline?: boolean },
): Promise<ProvidedSnapshot> {
  if (commit === null) return downloadSnapshot(repository, options);
  const environment = await readHubEnvironment({ offline });
  const cache = new HubCache(environment.cacheFolder, repository);
  const damaged = await findDamagedFiles(cache, commit, options);
  if (damaged.length === 0) return { commit, folder: cache.snapshotFolder(commit) };
  if (!environment.offline) return downloadSnapshot({ ...repository, revision: commit }, options);
  throw new FluxRuntimeError(
    "download-corrupted",
    `In the Hugging Face cache (${cache.folder}), ${formatRepository(repository)} has other bytes than were published in ${damaged.slice(0, 3).join(", ")}, and nothing is downloaded offline. Start once without the option \`offline\` and HF_HUB_OFFLINE: what is damaged is downloaded again.`,
    { folder: cache.folder, damaged },
  );
}

import { mkdir, statfs } from "node:fs/promises";
import { waitForFolder, type FolderHolder } from "../disk/wait-for-folder.ts";
import { FluxRuntimeError } from "../errors.ts";
import { startStage, type OnProgress } from "../progress.ts";
import { downloadBlob } from "./download-blob.ts";
import { HubCache } from "./hub-cache.ts";
import { readHubEnvironment, type HubEnvironment } from "./hub-environment.ts";
import { createHubFetch } from "./hub-fetch.ts";
import { formatRepository, type HubRepository } from "./hub-repository.ts";
import { listSnapshot, type HubFile } from "./list-snapshot.ts";
import type { NeededParts } from "./needed-files.ts";
import { sizeOf } from "./partial-blob.ts";

/** What is about to be downloaded. */
export interface PlannedDownload {
  /** `OWNER/NAME`, with the revision if it is not the default. */
  readonly repository: string;
  /** The commit that the revision stands for. */
  readonly commit: string;
  /** The repository's folder in the cache. */
  readonly folder: string;
  /** How many files the checkpoint is opened from. */
  readonly files: number;
  /** Their size. */
  readonly bytes: number;
  /** How much of that is in the cache already. */
  readonly cachedBytes: number;
}

/** Who is told of a download, and what ends it. */
export interface DownloadSnapshotOptions extends NeededParts {
  readonly signal?: AbortSignal | undefined;
  readonly onProgress?: OnProgress | undefined;
  readonly onDownload?: ((download: PlannedDownload) => void) | undefined;
  readonly onWait?: ((holder: FolderHolder) => void) | undefined;
}

/**
 * Downloads what a checkpoint is opened from into the standard cache, and nothing else. What is there already, whole or in part,
 * is not fetched again. Of several calls and processes that download from one repository, one does and the others wait for it.
 *
 * @returns The commit that the revision stands for, and its folder in the cache.
 * @throws {FluxRuntimeError} as `resolveCheckpoint` does; else the signal's reason.
 */
export async function downloadSnapshot(
  repository: HubRepository,
  options: DownloadSnapshotOptions = {},
): Promise<{ readonly commit: string; readonly folder: string }> {
  const environment = await readHubEnvironment();
  const cache = new HubCache(environment.cacheFolder, repository);
  for (const folder of [cache.folder, cache.lockFolder]) await makeFolder(folder);
  const lock = await waitForFolder(cache.lockFolder, options);
  try {
    return await downloadInto(cache, repository, { ...environment, ...options });
  } finally {
    await lock.release();
  }
}

async function downloadInto(
  cache: HubCache,
  repository: HubRepository,
  { endpoint, token, models, signal, onProgress, onDownload }: HubEnvironment & DownloadSnapshotOptions,
): Promise<{ readonly commit: string; readonly folder: string }> {
  const hubFetch = createHubFetch({ endpoint, token, repository, signal });
  const { commit, files } = await listSnapshot(repository, { endpoint, hubFetch, models, signal });
  const bytes = sum(files.map(({ size }) => size));
  const cachedBytes = sum(await Promise.all(files.map((file) => bytesInCache(cache, file))));
  const total = bytes - cachedBytes;
  await requireRoom(cache, total);
  onDownload?.({
    repository: formatRepository(repository),
    commit,
    folder: cache.folder,
    files: files.length,
    bytes,
    cachedBytes,
  });
  const report = startStage(onProgress, { stage: "downloading", unit: "bytes", total });
  let received = 0;
  for (const file of files) {
    const blobPath = cache.blobPath(file.checksum);
    await downloadBlob(file, {
      url: `${endpoint}/${repository.name}/resolve/${commit}/${file.path}`,
      blobPath,
      hubFetch,
      signal,
      onBytes: (count) => {
        received += count;
        report(received, Math.max(total, received));
      },
    });
    await cache.addToSnapshot(commit, file.path, blobPath);
  }
  // Last: a name that is there leads to a whole snapshot.
  await cache.writeRef(repository.revision, commit);
  return { commit, folder: cache.snapshotFolder(commit) };
}

async function bytesInCache(cache: HubCache, { checksum, size }: HubFile): Promise<number> {
  const path = cache.blobPath(checksum);
  const there = (await sizeOf(path)) ?? (await sizeOf(`${path}.incomplete`)) ?? 0;
  return Math.min(there, size);
}

async function makeFolder(folder: string): Promise<void> {
  await mkdir(folder, { recursive: true }).catch((cause: unknown) => {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new FluxRuntimeError(
      "unwritable-file",
      `The cache folder ${folder} cannot be made (${reason}). Make its parent writable, or set HF_HUB_CACHE to another folder.`,
      { folder },
      { cause },
    );
  });
}

async function requireRoom(cache: HubCache, bytes: number): Promise<void> {
  const { bavail, bsize } = await statfs(cache.folder);
  const free = bavail * bsize;
  if (bytes <= free) return;
  throw new FluxRuntimeError(
    "disk-full",
    `The disk has too little room: ${formatBytes(bytes)} are still to be downloaded into ${cache.folder}, and ${formatBytes(free)} are free. Free some room, or set HF_HUB_CACHE to a folder with more.`,
    { folder: cache.folder, expected: bytes, received: free },
  );
}

function formatBytes(bytes: number): string {
  return bytes >= 1e9 ? `${(bytes / 1e9).toFixed(1)} GB` : `${(bytes / 1e6).toFixed(1)} MB`;
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0);
}

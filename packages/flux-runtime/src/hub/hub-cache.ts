import { copyFile, link, mkdir, readdir, readFile, readlink, rename, stat, symlink } from "node:fs/promises";
import { basename, dirname, join, relative, resolve, sep } from "node:path";
import { markName } from "../disk/process-mark.ts";
import { sweepUnfinished } from "../disk/sweep-unfinished.ts";
import { writeFileWhole } from "../disk/write-aside.ts";
import { pathExists } from "../path-exists.ts";
import { isCommit, type HubRepository } from "./hub-repository.ts";
import { listMissingFiles, selectNeededFiles, type NeededParts } from "./needed-files.ts";

/** A revision in the cache. */
export interface CachedSnapshot {
  readonly folder: string;
  readonly commit: string;
  /** What it lacks to be opened; nothing where it is complete. */
  readonly missing: readonly string[];
}

/** A file of a snapshot that is a link to a content. */
export interface CachedBlob {
  /** Its path within the snapshot. */
  readonly file: string;
  readonly path: string;
  readonly checksum: string;
}

/**
 * One repository's folder in the standard cache, which Python's huggingface_hub shares: `blobs/` holds each content once under
 * its checksum, `snapshots/COMMIT/` holds links to them under the names of the files, and `refs/` holds the commits of names.
 */
export class HubCache {
  readonly folder: string;
  /** Where whoever writes into the repository's folder puts a lock: huggingface_hub has its own there, too. */
  readonly lockFolder: string;

  constructor(cacheFolder: string, repository: HubRepository) {
    const name = `models--${repository.name.replaceAll("/", "--")}`; // as huggingface_hub calls it
    this.folder = join(cacheFolder, name);
    this.lockFolder = join(cacheFolder, ".locks", name);
  }

  /** Where a content lies once it is whole. */
  blobPath(checksum: string): string {
    return join(this.folder, "blobs", checksum);
  }

  snapshotFolder(commit: string): string {
    return join(this.folder, "snapshots", commit);
  }

  /** The snapshot of a branch, tag or commit; null if the cache does not know it. */
  async findSnapshot(revision: string, parts: NeededParts = {}): Promise<CachedSnapshot | null> {
    const commit = isCommit(revision) ? revision : await this.readRef(revision);
    if (commit === null) return null;
    const folder = this.snapshotFolder(commit);
    const entries = await readdir(folder, { recursive: true }).catch(() => null);
    if (entries === null) return null;
    const isThere = await Promise.all(entries.map((entry) => pathExists(join(folder, entry)))); // follows links
    const paths = entries.filter((_, index) => isThere[index]).map((path) => path.split(sep).join("/"));
    const missing = await listMissingFiles(paths, (path) => readShardNames(join(folder, path)), parts);
    return { folder, commit, missing };
  }

  /** The contents that a snapshot's needed files are links to, each with the checksum that names it. */
  async listBlobs(commit: string, parts: NeededParts = {}): Promise<CachedBlob[]> {
    const folder = this.snapshotFolder(commit);
    const entries = await readdir(folder, { recursive: true });
    const files = selectNeededFiles(
      entries.map((path) => path.split(sep).join("/")),
      parts,
    );
    const links = await Promise.all(files.map((file) => readlink(join(folder, file)).catch(() => null)));
    return files.flatMap((file, index) => {
      const link = links[index] ?? "";
      const checksum = basename(link);
      return isChecksum(checksum) ? { file, path: resolve(folder, dirname(file), link), checksum } : [];
    });
  }

  /** Puts a content into a snapshot under a file's name: as a link, or where there are none, as a second name or a copy. */
  async addToSnapshot(commit: string, file: string, blobPath: string): Promise<void> {
    const target = join(this.snapshotFolder(commit), file);
    if (await isSameFile(target, blobPath)) return;
    await mkdir(dirname(target), { recursive: true });
    // Renamed over what is there, a link whose content is gone or another content: others may be opening it.
    const aside = markName(target, "partial");
    // Relative, so that the cache can be moved.
    await symlink(relative(dirname(target), blobPath), aside)
      .catch(() => link(blobPath, aside))
      .catch(() => copyFile(blobPath, aside));
    await rename(aside, target);
  }

  /** Notes which commit a branch or tag stands for. */
  async writeRef(revision: string, commit: string): Promise<void> {
    if (isCommit(revision)) return;
    const path = join(this.folder, "refs", revision);
    await mkdir(dirname(path), { recursive: true });
    await sweepUnfinished(dirname(path)); // other tools would take it for the name of a branch
    await writeFileWhole(path, commit);
  }

  private async readRef(revision: string): Promise<string | null> {
    const text = await readFile(join(this.folder, "refs", revision), "utf8").catch(() => "");
    return isCommit(text.trim()) ? text.trim() : null;
  }
}

/** SHA-256, or the SHA-1 that git gives a file. */
function isChecksum(text: string): boolean {
  return /^([0-9a-f]{40}|[0-9a-f]{64})$/.test(text);
}

/** The files that a weight index names; nothing where it cannot be read, which opening the checkpoint then tells. */
async function readShardNames(path: string): Promise<string[]> {
  try {
    const index = JSON.parse(await readFile(path, "utf8")) as { weight_map?: Record<string, string> }; // checked on opening
    return [...new Set(Object.values(index.weight_map ?? {}))];
  } catch {
    return [];
  }
}

/** Whether two paths lead to one content. */
async function isSameFile(path: string, other: string): Promise<boolean> {
  const [one, two] = await Promise.all([path, other].map((place) => stat(place).catch(() => null)));
  return one != null && two != null && one.dev === two.dev && one.ino === two.ino;
}

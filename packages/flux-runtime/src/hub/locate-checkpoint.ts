import { access } from "node:fs/promises";
import { homedir } from "node:os";
import { join, resolve } from "node:path";
import { checkpointSpecNames } from "../synthesis/checkpoint-spec.ts";
import { HubCache, type CachedSnapshot } from "./hub-cache.ts";
import { readHubEnvironment, type HubEnvironment } from "./hub-environment.ts";
import { formatRepository, parseRepository, type HubRepository } from "./hub-repository.ts";

/** Where a checkpoint lies or will lie; nothing is made or downloaded to find out. */
export type CheckpointPlace = {
  readonly folder: string;
  readonly exists: boolean;
} & (
  | { readonly kind: "synthesized"; readonly specName: string }
  | {
      readonly kind: "repository";
      readonly repository: HubRepository;
      readonly environment: HubEnvironment;
      readonly cache: HubCache;
      readonly cached: CachedSnapshot | null;
      /** Why it cannot be had, where it cannot. */
      readonly problem: string | null;
    }
  | { readonly kind: "folder"; readonly problem: string | null }
);

/** Bumped whenever the same name and seed would give other bytes, so that an old cached checkpoint is not taken for a new one. */
const SYNTHESIS_VERSION = 2;

/**
 * Tells what a user's name for a checkpoint means: `tiny` or `random:NAME` in the user's cache, a folder, or `OWNER/NAME` or
 * `OWNER/NAME@REVISION` in the Hugging Face cache.
 */
export async function locateCheckpoint(
  id: string,
  { offline }: { readonly offline: boolean },
): Promise<CheckpointPlace> {
  const specName = id === "tiny" ? "tiny" : /^random:(.+)$/.exec(id)?.[1];
  if (specName !== undefined) {
    const folder = join(cacheFolder(), `random-${specName}-v${SYNTHESIS_VERSION}`);
    return { kind: "synthesized", specName, folder, exists: await exists(folder) };
  }
  if (await exists(id)) return { kind: "folder", folder: resolve(id), exists: true, problem: null };
  const repository = parseRepository(id);
  if (repository === null) {
    const problem = `There is no checkpoint folder ${id}. Give tiny, random:${checkpointSpecNames.join(", random:")}, the path of a folder, or OWNER/NAME[@REVISION] of a model on the hub.`;
    return { kind: "folder", folder: resolve(id), exists: false, problem };
  }
  const environment = await readHubEnvironment({ offline });
  const cache = new HubCache(environment.cacheFolder, repository);
  const cached = await cache.findSnapshot(repository.revision);
  const place = { kind: "repository", repository, environment, cache, cached } as const;
  if (cached?.missing.length === 0) {
    return { ...place, folder: cached.folder, exists: true, problem: null };
  }
  const what = cached === null ? "is not in" : `lacks ${cached.missing.slice(0, 3).join(", ")} in`;
  const problem = environment.offline
    ? `${formatRepository(repository)} ${what} the Hugging Face cache (${cache.folder}), and nothing is downloaded offline. Start once without --offline and HF_HUB_OFFLINE, or give the path of a folder.`
    : null;
  return { ...place, folder: cache.folder, exists: false, problem };
}

/** The user's cache folder: MEASURE_PLANTAIN_CACHE, else the platform's convention. */
export function cacheFolder(): string {
  const { MEASURE_PLANTAIN_CACHE, XDG_CACHE_HOME } = process.env;
  if (MEASURE_PLANTAIN_CACHE) return MEASURE_PLANTAIN_CACHE;
  return join(XDG_CACHE_HOME || join(homedir(), ".cache"), "measure-plantain");
}

/** Whether there is something at a path. */
export async function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}

import { join, resolve } from "node:path";
import { pathExists } from "../path-exists.ts";
import { checkpointSpecNames } from "../synthesis/checkpoint-spec.ts";
import { cacheFolder } from "./cache-folder.ts";
import { HubCache } from "./hub-cache.ts";
import { readHubEnvironment } from "./hub-environment.ts";
import type { NeededParts } from "./needed-files.ts";
import { formatRepository, parseRepository, type HubRepository } from "./hub-repository.ts";

/** Where a checkpoint lies or will lie; nothing is made or downloaded to find out. */
export type CheckpointPlace = {
  /** Where it is, or will be. */
  readonly folder: string;
  /** Whether it is there, with all its files. */
  readonly exists: boolean;
  /** Why it cannot be had and what to do; null if it is there or can be made or downloaded. */
  readonly problem: string | null;
} & (
  | { readonly kind: "synthesized"; readonly specName: string }
  | {
      readonly kind: "repository";
      readonly repository: HubRepository;
      /** The commit that the cache knows for the revision, whether all files are there or not. */
      readonly commit: string | null;
    }
  | { readonly kind: "folder" }
);

/** Bumped whenever the same name and seed would give other bytes, so that an old cached checkpoint is not taken for a new one. */
const SYNTHESIS_VERSION = 2;

/**
 * Finds out what a name for a checkpoint means: `tiny` or `random:NAME` in the user's cache, a folder, or `OWNER/NAME` or
 * `OWNER/NAME@REVISION` in the Hugging Face cache.
 *
 * @throws {FluxRuntimeError} `invalid-argument` if HF_ENDPOINT is not an address.
 */
export async function locateCheckpoint(
  name: string,
  { offline = false, models }: NeededParts & { readonly offline?: boolean } = {},
): Promise<CheckpointPlace> {
  const specName = name === "tiny" ? "tiny" : /^random:(.+)$/.exec(name)?.[1];
  if (specName !== undefined) {
    const folder = join(cacheFolder(), `random-${specName}-v${SYNTHESIS_VERSION}`);
    return { kind: "synthesized", specName, folder, exists: await pathExists(folder), problem: null };
  }
  if (await pathExists(name)) return { kind: "folder", folder: resolve(name), exists: true, problem: null };
  const repository = parseRepository(name);
  if (repository === null) {
    const problem = `${name} is not a checkpoint folder. Pass tiny, random:${checkpointSpecNames.join(", random:")}, the path of a folder, or OWNER/NAME[@REVISION] of a model on the hub.`;
    return { kind: "folder", folder: resolve(name), exists: false, problem };
  }
  const environment = await readHubEnvironment({ offline });
  const cache = new HubCache(environment.cacheFolder, repository);
  const cached = await cache.findSnapshot(repository.revision, { models });
  const place = { kind: "repository", repository, commit: cached?.commit ?? null } as const;
  if (cached?.missing.length === 0) {
    return { ...place, folder: cached.folder, exists: true, problem: null };
  }
  const what = cached === null ? "is not in" : `lacks ${cached.missing.slice(0, 3).join(", ")} in`;
  const problem = environment.offline
    ? `${formatRepository(repository)} ${what} the Hugging Face cache (${cache.folder}), and nothing is downloaded offline. Start once without the option \`offline\` and HF_HUB_OFFLINE, or give the path of a folder.`
    : null;
  return { ...place, folder: cache.folder, exists: false, problem };
}

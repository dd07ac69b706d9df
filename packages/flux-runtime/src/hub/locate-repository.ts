import { HubCache } from "./hub-cache.ts";
import { readHubEnvironment } from "./hub-environment.ts";
import { formatRepository, type HubRepository } from "./hub-repository.ts";
import type { CheckpointPlace } from "./locate-checkpoint.ts";

/**
 * Finds a repository in the Hugging Face cache.
 *
 * @throws {FluxRuntimeError} `invalid-argument` if HF_ENDPOINT is not an address.
 */
export async function locateRepository(
  repository: HubRepository,
  { offline }: { readonly offline: boolean },
): Promise<CheckpointPlace> {
  const environment = await readHubEnvironment({ offline });
  const cache = new HubCache(environment.cacheFolder, repository);
  const cached = await cache.findSnapshot(repository.revision);
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

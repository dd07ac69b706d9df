import { rmSync } from "node:fs";
import { join } from "node:path";

/** What npm downloaded in earlier runs: kept, since it is found again by its hash. */
const npmCache = join(import.meta.dirname, "../../node_modules/.cache/consumer-test/npm");

/** Forgets which address gave what, so that nothing published by an earlier run on the same port is taken for this one. */
export function forgetAddresses(): void {
  rmSync(join(npmCache, "_cacache/index-v5"), { recursive: true, force: true });
}

/**
 * The environment of somebody who installs the packages: nothing of this workspace's package manager, one registry, caches
 * of their own, and no way to any other host (the proxy is a closed port, so that a download beyond the registry fails).
 */
export function consumerEnvironment(registryUrl: string, caches: string): NodeJS.ProcessEnv {
  const kept = Object.entries(process.env).filter(([name]) => !/^(npm|pnpm|turbo)_|_proxy$/i.test(name));
  const proxy = "http://127.0.0.1:9";
  return {
    ...Object.fromEntries(kept),
    npm_config_registry: registryUrl,
    npm_config_cache: npmCache,
    npm_config_cache_dir: join(caches, "pnpm"),
    npm_config_audit: "false",
    npm_config_fund: "false",
    npm_config_update_notifier: "false",
    HTTP_PROXY: proxy,
    HTTPS_PROXY: proxy,
    NO_PROXY: "127.0.0.1",
    ONNXRUNTIME_NODE_INSTALL: "skip",
    HF_HUB_OFFLINE: "1",
    HF_HOME: join(caches, "huggingface"),
    MEASURE_PLANTAIN_CACHE: join(caches, "measure-plantain"),
  };
}

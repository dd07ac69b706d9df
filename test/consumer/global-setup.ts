import { execFile } from "node:child_process";
import { rmSync } from "node:fs";
import { mkdir, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import type { TestProject } from "vitest/node";
import { consumerEnvironment, forgetAddresses } from "./consumer-environment.ts";
import { publishPackages } from "./publish-packages.ts";
import { startRegistry } from "./registry.ts";

declare module "vitest" {
  interface ProvidedContext {
    /** The registry that serves the packages as built. */
    registryUrl: string;
    /** A folder outside the workspace, removed at the end. */
    workplace: string;
  }
}

/** Publishes the packages to a registry of this run; ends it, and removes what it left, whatever the tests did. */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const workplace = await mkdtemp(join(tmpdir(), "measure-plantain-consumer-"));
  const removeWorkplace = (): void => {
    rmSync(workplace, { recursive: true, force: true, maxRetries: 5 });
  };
  for (const signal of ["SIGINT", "SIGTERM"] as const)
    process.once(signal, () => {
      removeWorkplace();
      process.kill(process.pid, signal);
    });
  try {
    const [storage, tarballs] = [join(workplace, "storage"), join(workplace, "tarballs")];
    for (const folder of [storage, tarballs]) await mkdir(folder);
    forgetAddresses();
    const registry = await startRegistry(storage, await configuredRegistry());
    const env = consumerEnvironment(registry.url, join(workplace, "caches"));
    await publishPackages(registry, { tarballs, env }).catch(async (error: unknown) => {
      await registry.close();
      throw error;
    });
    project.provide("registryUrl", registry.url);
    project.provide("workplace", workplace);
    return async () => {
      await registry.close();
      // Asynchronously: it can take half a minute, in which the pool has to hear that its workers have ended.
      await rm(workplace, { recursive: true, force: true, maxRetries: 5 });
    };
  } catch (error) {
    removeWorkplace();
    throw error;
  }
}

/** Where third-party packages come from: what npm is configured for, outside any project. */
async function configuredRegistry(): Promise<string> {
  const { stdout } = await promisify(execFile)("npm", ["config", "get", "registry"], {
    cwd: tmpdir(),
    shell: process.platform === "win32",
  });
  return stdout.trim();
}

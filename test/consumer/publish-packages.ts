import { readFileSync } from "node:fs";
import { join } from "node:path";
import { packPackages } from "../../scripts/pack.mjs";
import { packageFolders, readManifest, root } from "../../scripts/published-packages.mjs";
import { run } from "./command.ts";
import type { Registry } from "./registry.ts";

/** What is published, with the versions of the workspace. */
export const workspacePackages: readonly { readonly name: string; readonly version: string }[] =
  packageFolders.map((folder) => readManifest(folder));

/** The pinned package manager, as `pnpm@VERSION`. */
export const pinnedPnpm: string = readPackageManager();

/** Packs the built packages, as a release does, and publishes the tarballs. */
export async function publishPackages(
  registry: Registry,
  { tarballs, env }: { readonly tarballs: string; readonly env: NodeJS.ProcessEnv },
): Promise<void> {
  // Provenance is for the release workflow: it needs the identity of a CI run.
  const options = [
    "--registry",
    registry.url,
    registry.tokenOption,
    "--provenance=false",
    "--ignore-scripts",
  ];
  const publish = (tarball: string): Promise<unknown> =>
    run("npm", ["publish", tarball, ...options], { cwd: tarballs, env });
  await Promise.all(packPackages(tarballs).map(({ tarball }) => publish(tarball)));
}

function readPackageManager(): string {
  const manifest = JSON.parse(readFileSync(join(root, "package.json"), "utf8")) as { packageManager: string }; // our own
  return manifest.packageManager;
}

import { readFileSync } from "node:fs";
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { run } from "./command.ts";
import type { Registry } from "./registry.ts";

const root = join(import.meta.dirname, "../..");

/** The folders of what is published. */
const PACKAGE_FOLDERS = [
  "packages/flux-runtime",
  "packages/head-hooks",
  "packages/paired-stats",
  "packages/prompts",
  "apps/cli",
];

/** A package as its manifest in the workspace describes it. */
export interface WorkspacePackage {
  readonly name: string;
  readonly version: string;
}

/** The pinned package manager, as `pnpm@VERSION`. */
export const pinnedPnpm: string = readManifest("package.json").packageManager;

/** What is published, with the versions of the workspace. */
export const workspacePackages: readonly WorkspacePackage[] = PACKAGE_FOLDERS.map((folder) =>
  readManifest(join(folder, "package.json")),
);

/** Packs the built packages, as a release does, and publishes the tarballs. */
export async function publishPackages(
  registry: Registry,
  { tarballs, env }: { readonly tarballs: string; readonly env: NodeJS.ProcessEnv },
): Promise<void> {
  const filters = PACKAGE_FOLDERS.flatMap((folder) => ["--filter", `./${folder}`]);
  const pack = ["-r", ...filters, "pack", "--pack-destination", tarballs];
  await run("npx", ["--yes", pinnedPnpm, ...pack], { cwd: root, env: process.env });
  const files = await readdir(tarballs);
  if (files.length !== PACKAGE_FOLDERS.length)
    throw new Error(`pnpm pack: expected ${PACKAGE_FOLDERS.length} tarballs, received ${files.join(", ")}`);
  await Promise.all(
    files.map((file) =>
      run("npm", ["publish", join(tarballs, file), "--registry", registry.url, ...publishOptions(registry)], {
        cwd: tarballs,
        env,
      }),
    ),
  );
}

/** Provenance is for the release workflow: it needs the identity of a CI run. */
function publishOptions({ tokenOption }: Registry): string[] {
  return [tokenOption, "--provenance=false", "--ignore-scripts"];
}

function readManifest(path: string): WorkspacePackage & { readonly packageManager: string } {
  return JSON.parse(readFileSync(join(root, path), "utf8")) as WorkspacePackage & {
    readonly packageManager: string;
  }; // our own manifests
}

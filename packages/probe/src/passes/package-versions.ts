import { readFileSync } from "node:fs";
import { createRequire } from "node:module";

const packages = [
  "@measure-plantain/flux-runtime",
  "@measure-plantain/head-hooks",
  "@measure-plantain/paired-stats",
  "@measure-plantain/prompts",
];

/** The versions of the packages that took part in a run, by name. */
export function packageVersions(): Record<string, string> {
  const require = createRequire(import.meta.url);
  const versions = packages.map(
    (name) => [name, versionIn(require.resolve(`${name}/package.json`))] as const,
  );
  return { "measure-plantain": ownVersion(), ...Object.fromEntries(versions) };
}

/** The version of this program. */
export function ownVersion(): string {
  return versionIn(new URL("../../../../apps/cli/package.json", import.meta.url));
}

function versionIn(path: string | URL): string {
  return (JSON.parse(readFileSync(path, "utf8")) as { version: string }).version; // every package.json has it
}

import { readFileSync } from "node:fs";
import { dirname, sep } from "node:path";
import { fileURLToPath } from "node:url";

const OWN = "@measure-plantain/probe";
const packages = [
  OWN,
  "@measure-plantain/flux-runtime",
  "@measure-plantain/head-hooks",
  "@measure-plantain/paired-stats",
  "@measure-plantain/prompts",
];

/** What stands for the version of a package that a bundler took out of its place: its manifest did not come with it. */
const BUNDLED = "bundled";

/** The versions of the packages that take part in a run, and of the program that runs it, by name. */
export function packageVersions(program?: {
  readonly name: string;
  readonly version: string;
}): Record<string, string> {
  const resolve = installedPackages();
  const versions = packages.map((name): [string, string] => [
    name,
    resolve ? readVersion(resolve(`${name}/package.json`)) : BUNDLED,
  ]);
  return Object.fromEntries([...(program ? [[program.name, program.version] as const] : []), ...versions]);
}

function readVersion(manifest: string): string {
  const { version } = JSON.parse(readFileSync(manifest, "utf8")) as { version: string }; // every package.json has it
  return version;
}

/** Finds packages as this one does; undefined where this code does not lie in its package: what is installed there is not what runs. */
function installedPackages(): ((path: string) => string) | undefined {
  const { url } = import.meta as { readonly url?: string }; // none in a bundle of the CommonJS kind
  if (url?.startsWith("file:") !== true) return undefined;
  const file = fileURLToPath(url);
  // An imported createRequire would be taken by webpack for a call that it can answer when it bundles.
  const { resolve } = process.getBuiltinModule("node:module").createRequire(file);
  try {
    return file.startsWith(dirname(resolve(`${OWN}/package.json`)) + sep) ? resolve : undefined;
  } catch {
    return undefined;
  }
}

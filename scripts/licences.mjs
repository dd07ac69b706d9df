// Lists the licences of everything that is installed, for production and for development, and names what may not be.
// npm run licences
import { pathToFileURL } from "node:url";
import { isAllowed } from "./allowed-licences.mjs";
import { packageFolders, readManifest } from "./published-packages.mjs";
import { readLockfile } from "./read-lockfile.mjs";
import { runPnpm } from "./run-pnpm.mjs";

/** @typedef {{ name: string, version: string, licence: string, use: "production" | "development" }} Licensed */

/** @returns {Licensed[]} Every installed dependency of the workspace, by name. */
export function listLicences() {
  const graph = readLockfile(new Map(packageFolders.map((folder) => [folder, readManifest(folder)])));
  const inProduction = new Set([...graph.values()].map(({ name, version }) => `${name}@${version}`));
  /** @type {Record<string, { name: string, versions: string[] }[]>} */
  const byLicence = JSON.parse(runPnpm(["licenses", "list", "--recursive", "--json"]));
  /** @type {Licensed[]} */
  const licensed = [];
  for (const [licence, packages] of Object.entries(byLicence)) {
    for (const { name, versions } of packages) {
      for (const version of versions) {
        const use = inProduction.has(`${name}@${version}`) ? "production" : "development";
        licensed.push({ name, version, licence, use });
      }
    }
  }
  return licensed.sort((a, b) => compare(a.name, b.name) || compare(a.version, b.version));
}

/**
 * @param {string} a
 * @param {string} b
 * @returns {number}
 */
function compare(a, b) {
  return a < b ? -1 : Number(a > b);
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? "").href) {
  const licences = listLicences();
  for (const { name, version, licence, use } of licences) {
    console.log(`${licence.padEnd(32)}${use.padEnd(14)}${name}@${version}`);
  }
  const refused = licences.filter(({ name, licence }) => !isAllowed(name, licence));
  for (const { name, version, licence } of refused) {
    console.error(
      `licences: ${name}@${version} comes under ${licence}, which scripts/allowed-licences.mjs does not list. ` +
        `Use another package, or list the licence with the reason why it fits.`,
    );
  }
  process.exitCode = refused.length > 0 ? 1 : 0;
}

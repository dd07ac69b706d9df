import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

/** The folder of the repository. */
export const root = fileURLToPath(new URL("../", import.meta.url));

/** The folders of what is published, from the root: what is depended upon comes first. */
export const packageFolders = [
  "packages/flux-runtime",
  "packages/head-hooks",
  "packages/paired-stats",
  "packages/prompts",
  "packages/probe",
  "packages/report",
  "apps/cli",
];

/**
 * @typedef {{ name: string, version: string, description: string, license: string, private?: boolean,
 *   files: string[], dependencies?: Record<string, string>, devDependencies?: Record<string, string>,
 *   peerDependencies?: Record<string, string> }} Manifest
 */

/**
 * @param {string} folder From the root.
 * @returns {Manifest} Its package.json.
 */
export function readManifest(folder) {
  return JSON.parse(readFileSync(new URL(`../${folder}/package.json`, import.meta.url), "utf8"));
}

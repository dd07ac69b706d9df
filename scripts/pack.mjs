// Packs the published packages as they go to the registry, with the versions of their siblings written out. Build first.
// npm run pack [-- FOLDER]
import { mkdirSync, rmSync } from "node:fs";
import { resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { packageFolders, readManifest } from "./published-packages.mjs";
import { runPnpm } from "./run-pnpm.mjs";

/** @typedef {{ folder: string, name: string, version: string, tarball: string }} Packed */

/**
 * @param {string} destination Where the tarballs go.
 * @returns {Packed[]} In the order in which they can be published: what is depended upon comes first.
 */
export function packPackages(destination) {
  mkdirSync(destination, { recursive: true });
  const filters = packageFolders.flatMap((folder) => ["--filter", `./${folder}`]);
  /** @type {{ name: string, version: string, filename: string }[]} */
  const packed = JSON.parse(
    runPnpm(["--recursive", ...filters, "pack", "--json", "--pack-destination", resolve(destination)]),
  );
  return packageFolders.map((folder) => {
    const { name, version } = readManifest(folder);
    const tarball = packed.find((candidate) => candidate.name === name)?.filename;
    if (tarball === undefined) throw new Error(`pack: pnpm packed no ${name}`);
    return { folder, name, version, tarball };
  });
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? "").href) {
  const [destination = "packed"] = process.argv.slice(2);
  rmSync(destination, { recursive: true, force: true });
  for (const { tarball } of packPackages(destination)) console.log(tarball);
}

import { readFileSync } from "node:fs";
import { posix } from "node:path";
import { parse } from "yaml";

/**
 * @typedef {{ dependencies?: Record<string, string>, optionalDependencies?: Record<string, string> }} Snapshot
 * @typedef {{ version: string }} Resolved
 * @typedef {{ dependencies?: Record<string, Resolved>, optionalDependencies?: Record<string, Resolved> }} Importer
 * @typedef {{ lockfileVersion: string, importers: Record<string, Importer>, snapshots: Record<string, Snapshot>,
 *   packages: Record<string, { resolution: { integrity?: string } }> }} Lockfile
 *
 * One package of the graph: a folder of the workspace, or a release with the hash of its tarball.
 * @typedef {{ name: string, version: string, integrity?: string, optional: boolean, dependsOn: string[] }} Locked
 */

/**
 * Reads what an installation brings from pnpm-lock.yaml: the packages of the workspace and all that they depend on at
 * run time, on every system.
 *
 * @param {ReadonlyMap<string, { name: string, version: string }>} workspace By folder: whose dependencies are meant.
 * @returns {Map<string, Locked>} By a key that `dependsOn` refers to.
 */
export function readLockfile(workspace) {
  /** @type {Lockfile} */
  const lockfile = parse(readFileSync(new URL("../pnpm-lock.yaml", import.meta.url), "utf8"));
  if (lockfile.lockfileVersion !== "9.0") {
    throw new Error(`read-lockfile: expected lockfileVersion 9.0, received ${lockfile.lockfileVersion}`);
  }

  /** @type {Map<string, Locked>} */
  const graph = new Map();
  for (const [folder, { name, version }] of workspace) {
    const importer = lockfile.importers[folder] ?? {};
    /** @param {Record<string, Resolved>} [group] */
    const keys = (group = {}) =>
      Object.entries(group).map(([dependency, resolved]) =>
        resolved.version.startsWith("link:")
          ? posix.join(folder, resolved.version.slice("link:".length))
          : keyOf(lockfile, dependency, resolved.version),
      );
    const required = keys(importer.dependencies);
    const optional = keys(importer.optionalDependencies);
    graph.set(folder, { name, version, optional: false, dependsOn: [...required, ...optional] });
    for (const key of required) if (!workspace.has(key)) visit(lockfile, graph, key, false);
    for (const key of optional) if (!workspace.has(key)) visit(lockfile, graph, key, true);
  }
  return graph;
}

/**
 * Adds a release and what it depends on. A release that anything requires is not optional.
 *
 * @param {Lockfile} lockfile
 * @param {Map<string, Locked>} graph
 * @param {string} key
 * @param {boolean} optional
 */
function visit(lockfile, graph, key, optional) {
  const known = graph.get(key);
  if (known && (optional || !known.optional)) return;
  const { dependencies = {}, optionalDependencies = {} } = lockfile.snapshots[key] ?? {};
  const release = key.replace(/\(.*$/, ""); // without the peers that it was resolved with
  const at = release.lastIndexOf("@");
  const integrity = lockfile.packages[release]?.resolution.integrity;
  const required = Object.entries(dependencies).map(([name, version]) => keyOf(lockfile, name, version));
  const others = Object.entries(optionalDependencies).map(([name, version]) =>
    keyOf(lockfile, name, version),
  );
  graph.set(key, {
    name: release.slice(0, at),
    version: release.slice(at + 1),
    ...(integrity === undefined ? {} : { integrity }),
    optional,
    dependsOn: [...required, ...others],
  });
  for (const dependency of required) visit(lockfile, graph, dependency, optional);
  for (const dependency of others) visit(lockfile, graph, dependency, true);
}

/**
 * @param {Lockfile} lockfile
 * @param {string} name
 * @param {string} version A version, or for an alias the name with the version.
 * @returns {string} The key of a snapshot.
 */
function keyOf(lockfile, name, version) {
  const key = version in lockfile.snapshots ? version : `${name}@${version}`;
  if (!(key in lockfile.snapshots))
    throw new Error(`read-lockfile: pnpm-lock.yaml has no snapshot of ${key}`);
  return key;
}

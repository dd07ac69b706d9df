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
  /** @type {Map<string, boolean>} By key of a snapshot: whether it was reached as an optional one. */
  const visited = new Map();
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
    graph.set(folder, {
      name,
      version,
      optional: false,
      dependsOn: [...required, ...optional].map((key) => (workspace.has(key) ? key : releaseOf(key))),
    });
    for (const key of required) if (!workspace.has(key)) visit(lockfile, graph, visited, key, false);
    for (const key of optional) if (!workspace.has(key)) visit(lockfile, graph, visited, key, true);
  }
  return graph;
}

/**
 * Adds a release and what it depends on. A release that anything requires is not optional. One that the lockfile holds
 * several times, resolved with other peers, is one entry that depends on what any of them does.
 *
 * @param {Lockfile} lockfile
 * @param {Map<string, Locked>} graph
 * @param {Map<string, boolean>} visited
 * @param {string} key
 * @param {boolean} optional
 */
function visit(lockfile, graph, visited, key, optional) {
  const before = visited.get(key);
  if (before !== undefined && (optional || !before)) return;
  visited.set(key, optional);
  const { dependencies = {}, optionalDependencies = {} } = lockfile.snapshots[key] ?? {};
  const required = Object.entries(dependencies).map(([name, version]) => keyOf(lockfile, name, version));
  const others = Object.entries(optionalDependencies).map(([name, version]) =>
    keyOf(lockfile, name, version),
  );

  const release = releaseOf(key);
  const known = graph.get(release);
  const at = release.lastIndexOf("@");
  const integrity = lockfile.packages[release]?.resolution.integrity;
  graph.set(release, {
    name: release.slice(0, at),
    version: release.slice(at + 1),
    ...(integrity === undefined ? {} : { integrity }),
    optional: optional && (known?.optional ?? true),
    dependsOn: [...new Set([...(known?.dependsOn ?? []), ...[...required, ...others].map(releaseOf)])],
  });
  for (const dependency of required) visit(lockfile, graph, visited, dependency, optional);
  for (const dependency of others) visit(lockfile, graph, visited, dependency, true);
}

/**
 * @param {string} key Of a snapshot.
 * @returns {string} NAME@VERSION, without the peers that it was resolved with.
 */
function releaseOf(key) {
  return key.replace(/\(.*$/, "");
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

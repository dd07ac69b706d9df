import { readdirSync, readFileSync } from "node:fs";
import { join, posix, sep } from "node:path";
import ts from "typescript";

/** By file: what it imports, types included. Files are paths from the root with `/`; packages from outside are left out. */
export type ImportGraph = ReadonlyMap<string, readonly string[]>;

/**
 * Reads what the sources below some folders import from each other.
 *
 * @param root - What paths are counted from.
 * @param folders - Where the sources lie.
 * @param entryPoints - The file that stands for a package of the workspace, by the package's name.
 */
export function readImportGraph(
  root: string,
  folders: readonly string[],
  entryPoints: ReadonlyMap<string, string>,
): ImportGraph {
  const files = folders.flatMap((folder) => listSources(root, folder));
  const entryPointOf = (specifier: string): string | undefined =>
    [...entryPoints].find(([name]) => specifier === name || specifier.startsWith(`${name}/`))?.[1];
  return new Map(
    files.map((file) => {
      const { importedFiles } = ts.preProcessFile(readFileSync(join(root, file), "utf8"));
      const imported = importedFiles
        .map(({ fileName }) =>
          fileName.startsWith(".") ? posix.join(posix.dirname(file), fileName) : entryPointOf(fileName),
        )
        .filter((path) => path !== undefined);
      return [file, [...new Set(imported)]];
    }),
  );
}

/** @returns Circles of imports, each from a file back to it: at least one for every group of files that has any. */
export function findCircles(graph: ImportGraph): string[][] {
  const circles: string[][] = [];
  const done = new Set<string>();
  const visit = (file: string, path: readonly string[]): void => {
    if (path.includes(file)) circles.push([...path.slice(path.indexOf(file)), file]);
    else if (!done.has(file)) {
      for (const imported of graph.get(file) ?? []) visit(imported, [...path, file]);
      done.add(file);
    }
  };
  for (const file of graph.keys()) visit(file, []);
  return circles;
}

function listSources(root: string, folder: string): string[] {
  return readdirSync(join(root, folder), { recursive: true, encoding: "utf8" })
    .map((path) => posix.join(folder, ...path.split(sep)))
    .filter((path) => /\.(ts|js|mjs)$/.test(path) && !/\/(node_modules|dist)\//.test(path))
    .sort();
}

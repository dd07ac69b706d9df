import { sep } from "node:path";

/** The deepest folder that contains all of some folders, which are absolute paths. */
export function commonFolder(folders: readonly string[]): string {
  const split = folders.map((folder) => folder.split(sep));
  const [first = []] = split;
  const shared = first.findIndex((part, depth) => split.some((folder) => folder[depth] !== part));
  const parts = shared === -1 ? first : first.slice(0, shared);
  return parts.join(sep) || sep;
}

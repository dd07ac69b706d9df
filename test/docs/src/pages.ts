import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

/** The repository's root. */
export const repository: string = join(import.meta.dirname, "../../..");

/** A Markdown page. */
export interface Page {
  /** Its path from the repository's root, with slashes. */
  readonly path: string;
  readonly markdown: string;
}

/** The pages whose code blocks are run: those of the root and of `docs/`, and the README of every package and application. */
export function listPages(): Page[] {
  const inFolder = (folder: string): string[] =>
    readdirSync(join(repository, folder))
      .filter((name) => name.endsWith(".md"))
      .map((name) => (folder === "." ? name : `${folder}/${name}`));
  const readmes = ["packages", "apps"].flatMap(listReadmes);
  return [...inFolder("."), ...inFolder("docs"), ...readmes].map(readPageFile);
}

/** The READMEs of the examples: the consumer test runs what they show. */
export function listExamplePages(): Page[] {
  return listReadmes("examples").map(readPageFile);
}

function listReadmes(folder: string): string[] {
  return readdirSync(join(repository, folder))
    .map((name) => `${folder}/${name}/README.md`)
    .filter((path) => existsSync(join(repository, path)));
}

function readPageFile(path: string): Page {
  return { path, markdown: readFileSync(join(repository, path), "utf8") };
}

/**
 * One page by its path.
 *
 * @throws Error where there is none.
 */
export function readPage(path: string): Page {
  const page = listPages().find((candidate) => candidate.path === path);
  if (page === undefined) throw new Error(`there is no page ${path}`);
  return page;
}

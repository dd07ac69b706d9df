import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { findCircles, readImportGraph } from "./import-graph.ts";
import { packageFolders, readManifest, root } from "./published-packages.mjs";

/** What each package may import of the others. Its tests may import more. */
const layers: Readonly<Record<string, readonly string[]>> = {
  "packages/flux-runtime": [],
  "packages/head-hooks": [],
  "packages/paired-stats": [],
  "packages/prompts": [],
  "packages/probe": [
    "packages/flux-runtime",
    "packages/head-hooks",
    "packages/paired-stats",
    "packages/prompts",
  ],
  "packages/report": ["packages/paired-stats", "packages/probe", "packages/prompts"],
  "apps/cli": [
    "packages/flux-runtime",
    "packages/head-hooks",
    "packages/paired-stats",
    "packages/probe",
    "packages/prompts",
    "packages/report",
  ],
};

const libraries = packageFolders.filter((folder) => folder.startsWith("packages/"));
const entryPoints = new Map(libraries.map((folder) => [readManifest(folder).name, `${folder}/src/index.ts`]));
const folders = packageFolders.flatMap((folder) =>
  ["assembly", "bench", "src", "test"]
    .map((part) => `${folder}/${part}`)
    .filter((part) => existsSync(join(root, part))),
);
const graph = readImportGraph(root, [...folders, "scripts", "test"], entryPoints);

test.each(packageFolders)("the sources of %s import their own files and the layers below", (folder) => {
  const sources = [...graph].filter(
    ([file]) => file.startsWith(`${folder}/src/`) && !file.endsWith(".test.ts"),
  );
  expect(sources).not.toEqual([]);
  const allowed = [`${folder}/src/`, ...(layers[folder] ?? []).map((layer) => `${layer}/src/index.ts`)];
  const strays = sources.flatMap(([file, imported]) =>
    imported
      .filter((path) => !allowed.some((start) => path.startsWith(start)))
      .map((path) => `${file} imports ${path}`),
  );
  expect(strays).toEqual([]);
});

test("no file imports itself through others, types included", () => {
  expect(findCircles(graph).map((circle) => circle.join(" -> "))).toEqual([]);
});

describe("findCircles", () => {
  const folder = mkdtempSync(join(tmpdir(), "imports-"));

  afterAll(() => {
    rmSync(folder, { recursive: true });
  });

  function circlesOf(sources: Readonly<Record<string, string>>): string[][] {
    const place = mkdtempSync(join(folder, "sources-"));
    for (const [file, text] of Object.entries(sources)) {
      mkdirSync(dirname(join(place, file)), { recursive: true });
      writeFileSync(join(place, file), text);
    }
    return findCircles(readImportGraph(place, ["a", "b"], new Map([["@plantain/b", "b/index.ts"]])));
  }

  test.each([
    ["an import", 'import { b } from "@plantain/b";'],
    ["an import of types", 'import type { B } from "@plantain/b";'],
    ["an export from", 'export * from "@plantain/b";'],
    ["an import where it is needed", 'export const b = await import("@plantain/b");'],
    ["a type that names its file", 'export type B = import("@plantain/b").B;'],
  ])("finds one that is closed by %s", (_, text) => {
    const circles = circlesOf({
      "a/one.ts": text,
      "b/index.ts": 'export type { B } from "./two.ts";',
      "b/two.ts": 'import type { A } from "../a/one.ts";\nexport type B = A;',
    });
    expect(circles).toEqual([["a/one.ts", "b/index.ts", "b/two.ts", "a/one.ts"]]);
  });

  test("finds none where two files import the same third", () => {
    const circles = circlesOf({
      "a/one.ts": 'import "./two.ts";\nimport "./three.ts";',
      "a/two.ts": 'import "./three.ts";',
      "a/three.ts": 'import "node:fs";',
      "b/index.ts": "",
    });
    expect(circles).toEqual([]);
  });
});

import { readFileSync } from "node:fs";
import { basename } from "node:path";
import { describe, expect, inject, test } from "vitest";
import { packageFolders, readManifest } from "./published-packages.mjs";

const page = readFileSync(new URL("../docs/dependencies.md", import.meta.url), "utf8");
const [production = "", development = ""] = page.split("## What development takes");

/** The rows of a table as "package dependency (licence)". */
function rowsOf(section: string): string[] {
  return [...section.matchAll(/^\| (\S+) +\| `([^`]+)` +\| (.+?) +\| \S/gm)]
    .map(([, owner = "", dependency = "", licence = ""]) => `${owner} ${dependency}: ${licence}`)
    .sort();
}

const installed = new Map(inject("licences").map(({ name, licence }) => [name, licence]));

/** The same of what the package.json files declare and what is installed. */
function declared(owner: string, dependencies: Readonly<Record<string, string>> = {}): string[] {
  return Object.entries(dependencies)
    .filter(([, range]) => !range.startsWith("workspace:"))
    .map(([dependency, range]) => {
      const [, aliased = dependency] = /^npm:(.+)@/.exec(range) ?? [];
      return `${owner} ${dependency}: ${installed.get(aliased) ?? "not installed"}`;
    });
}

describe("docs/dependencies.md", () => {
  test("names each runtime dependency of each package with its licence, and nothing else", () => {
    const expected = packageFolders.flatMap((folder) =>
      declared(basename(folder), readManifest(folder).dependencies),
    );
    expect(rowsOf(production)).toEqual(expected.sort());
  });

  test("names each development dependency with its licence, and nothing else", () => {
    const expected = [
      ...declared("root", readManifest(".").devDependencies),
      ...[...packageFolders, "test/docs", "test/programs"].flatMap((folder) =>
        declared(basename(folder), readManifest(folder).devDependencies),
      ),
      ...declared("browser", readManifest("test/browser").dependencies),
    ];
    expect(rowsOf(development)).toEqual(expected.sort());
  });
});

test("no package asks for a peer, and one alone brings ONNX Runtime, in one exact version", () => {
  const manifests = packageFolders.map((folder) => readManifest(folder));
  expect(manifests.flatMap(({ peerDependencies = {} }) => Object.keys(peerDependencies))).toEqual([]);
  expect(
    manifests
      .filter(({ dependencies = {} }) => "onnxruntime-node" in dependencies)
      .map(({ name, dependencies }) => [name, dependencies?.["onnxruntime-node"]]),
  ).toEqual([["@measure-plantain/flux-runtime", expect.stringMatching(/^\d+\.\d+\.\d+$/)]]);
});

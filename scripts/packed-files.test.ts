import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync } from "node:fs";
import { isBuiltin } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { checkPackage, createPackageFromTarballData } from "@arethetypeswrong/core";
import { publint } from "publint";
import { formatMessage } from "publint/utils";
import ts from "typescript";
import { afterAll, beforeAll, describe, expect, inject, test } from "vitest";
import { packageFolders, readManifest, root, type Manifest } from "./published-packages.mjs";

/**
 * What each tarball holds beside package.json, README, LICENSE and CHANGELOG, and the most kilobytes that it may take.
 * The ceilings are about half as much again as the code takes today: growth passes, a fixture or a model does not.
 */
const expected: Readonly<Record<string, { readonly files: readonly string[]; readonly kilobytes: number }>> =
  {
    // Three quarters of each tarball are source maps with the sources in them: stack traces and debuggers show TypeScript.
    "packages/flux-runtime": {
      files: [
        "dist/index.d.ts",
        "dist/index.js",
        "dist/index.js.map",
        "dist/session/session-host.d.ts",
        "dist/session/session-host.js",
        "dist/session/session-host.js.map",
      ],
      kilobytes: 450,
    },
    "packages/head-hooks": {
      files: [
        "dist/chunk.js",
        "dist/chunk.js.map",
        "dist/hook-options-HASH.d.ts",
        "dist/index.d.ts",
        "dist/index.js",
        "dist/index.js.map",
        "dist/node.d.ts",
        "dist/node.js",
        "dist/node.js.map",
      ],
      kilobytes: 260,
    },
    // The WebAssembly kernel is within index.js, in base64.
    "packages/paired-stats": {
      files: ["dist/index.d.ts", "dist/index.js", "dist/index.js.map"],
      kilobytes: 220,
    },
    // The built-in prompt sets are within index.js.
    "packages/prompts": {
      files: ["dist/index.d.ts", "dist/index.js", "dist/index.js.map", "schema/prompt-set.schema.json"],
      kilobytes: 150,
    },
    "packages/probe": {
      files: ["dist/index.d.ts", "dist/index.js", "dist/index.js.map"],
      kilobytes: 260,
    },
    // drawing.js, with the page's style and script, is loaded when something is drawn; chunk.js is what it shares with index.js.
    "packages/report": {
      files: [
        "dist/chunk.js",
        "dist/chunk.js.map",
        "dist/drawing.js",
        "dist/drawing.js.map",
        "dist/index.d.ts",
        "dist/index.js",
        "dist/index.js.map",
      ],
      kilobytes: 250,
    },
    "apps/cli": { files: ["dist/main.js", "dist/main.js.map"], kilobytes: 80 },
  };

/** What draws: it takes longer to load than all that a command needs to say that something is wrong. */
const drawing: readonly string[] = ["@observablehq/plot", "linkedom", "sharp"];

const folder = mkdtempSync(join(tmpdir(), "unpacked-"));
const packed = inject("packed");

afterAll(() => {
  rmSync(folder, { recursive: true });
});

describe.each(packageFolders)("the tarball of %s", (packageFolder) => {
  let tarball: string;
  let content: string;
  let files: readonly string[];

  beforeAll(() => {
    tarball = packed.find((candidate) => candidate.folder === packageFolder)?.tarball ?? "";
    content = join(folder, packageFolder);
    mkdirSync(content, { recursive: true });
    execFileSync("tar", ["-xzf", tarball, "-C", content, "--strip-components=1"]);
    const listed = execFileSync("tar", ["-tzf", tarball], { encoding: "utf8" }).trim().split("\n");
    files = listed.map((path) => path.replace("package/", ""));
  });

  test("holds the files that are listed here, and no other", () => {
    // Types that two entries share lie in a file that is named after what it holds.
    expect(files.map((path) => path.replace(/-[\w-]{8}\.d\.ts$/, "-HASH.d.ts")).sort()).toEqual(
      [
        "CHANGELOG.md",
        "LICENSE",
        "README.md",
        "package.json",
        ...(expected[packageFolder]?.files ?? []),
      ].sort(),
    );
  });

  test("comes under the licence of the repository", () => {
    expect(readFileSync(join(content, "LICENSE"), "utf8")).toBe(readFileSync(join(root, "LICENSE"), "utf8"));
  });

  test("stays below its ceiling", () => {
    expect(statSync(tarball).size / 1000).toBeLessThan(expected[packageFolder]?.kilobytes ?? 0);
  });

  test("has a changelog whose newest entry is this version", () => {
    const [, newest] = /^## (\S+)/m.exec(readFileSync(join(content, "CHANGELOG.md"), "utf8")) ?? [];
    expect(newest).toBe(readManifest(packageFolder).version);
  });

  test("names the versions of its siblings, not the workspace, and publishes with provenance", () => {
    const manifest = JSON.parse(readFileSync(join(content, "package.json"), "utf8")) as Manifest;
    expect(JSON.stringify(manifest)).not.toContain("workspace:");
    expect(manifest).toMatchObject({ publishConfig: { access: "public", provenance: true } });
    for (const sibling of packed) {
      const range = manifest.dependencies?.[sibling.name];
      if (range !== undefined) expect(range).toBe(`^${sibling.version}`);
    }
  });

  test("imports each dependency that its package.json declares, and nothing else", () => {
    const imported = new Set<string>();
    for (const file of files.filter((path) => /\.(js|d\.ts)$/.test(path))) {
      for (const { fileName } of ts.preProcessFile(readFileSync(join(content, file), "utf8")).importedFiles) {
        if (isBuiltin(fileName) || fileName.startsWith(".")) continue;
        imported.add(fileName.split("/", fileName.startsWith("@") ? 2 : 1).join("/"));
      }
    }
    expect([...imported].sort()).toEqual(Object.keys(readManifest(packageFolder).dependencies ?? {}).sort());
  });

  test("has entries that can be imported (publint)", async () => {
    const bytes = new Uint8Array(readFileSync(tarball));
    const { messages, pkg } = await publint({ pack: { tarball: bytes.buffer }, strict: true });
    expect(messages.map((message) => formatMessage(message, pkg, { color: false }))).toEqual([]);
  });

  test("has types for every entry, wherever ES modules are imported (Are the types wrong?)", async () => {
    const result = await checkPackage(createPackageFromTarballData(new Uint8Array(readFileSync(tarball))));
    expect(result.types !== false).toBe(packageFolder.startsWith("packages/"));
    if (result.types === false) return;
    // The packages are ES modules: who requires them gets them from Node alone, and `node10` knows no `exports`.
    const others = new Set(["node10", "node16-cjs"]);
    const concerns = result.problems.filter(
      (problem) => !("resolutionKind" in problem && others.has(problem.resolutionKind)),
    );
    expect(concerns).toEqual([]);
  });

  test("loads what draws only when something is drawn", () => {
    const loadedAtOnce = files.filter((path) => /^dist\/(index|chunk|main)\.js$/.test(path));
    for (const file of loadedAtOnce)
      for (const name of staticImports(readFileSync(join(content, file), "utf8")))
        expect(drawing, file).not.toContain(name);
  });

  test("has every source of its source maps within them, and none of another package", () => {
    for (const file of files.filter((path) => path.endsWith(".map"))) {
      const map = JSON.parse(readFileSync(join(content, file), "utf8")) as {
        readonly sources: readonly string[];
        readonly sourcesContent?: readonly (string | null)[];
      };
      expect(
        map.sourcesContent?.filter((source) => source !== null),
        file,
      ).toHaveLength(map.sources.length);
      expect(map.sources.filter((source) => source.includes("node_modules"))).toEqual([]);
      expect(existsSync(join(content, file.replace(/\.map$/, "")))).toBe(true);
    }
  });
});

/** The modules that a file imports by a declaration, and not when it is asked to. */
function staticImports(text: string): string[] {
  return ts
    .createSourceFile("module.js", text, ts.ScriptTarget.Latest)
    .statements.flatMap((statement) =>
      (ts.isImportDeclaration(statement) || ts.isExportDeclaration(statement)) &&
      statement.moduleSpecifier !== undefined &&
      ts.isStringLiteral(statement.moduleSpecifier)
        ? [statement.moduleSpecifier.text]
        : [],
    );
}

import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import ts from "typescript";
import { afterAll, beforeAll, expect, inject, test } from "vitest";
import { root } from "./published-packages.mjs";

/** Names something of each library, so that its types are found and their contents read. */
const consumer = `
import { openCheckpoint, type Transformer } from "@measure-plantain/flux-runtime";
import { hookModel, type UnitLayout } from "@measure-plantain/head-hooks";
import { pairedT, signFlipNull, type Matrix } from "@measure-plantain/paired-stats";
import { openRun, type Manifest, type RunFolder } from "@measure-plantain/probe";
import { loadPromptSet, type PromptSet } from "@measure-plantain/prompts";
import { analyzeRun, writeResults, type Summary } from "@measure-plantain/report";

export async function probe(folder: string, model: Uint8Array, differences: Matrix): Promise<number> {
  const folderOfWeights: string = (await openCheckpoint(folder)).transformer.weights.externalDataFolder;
  const layout: UnitLayout = hookModel(model, { groupSize: 16 }).layout;
  const set: PromptSet = await loadPromptSet("measure");
  const { maximum } = await signFlipNull(differences, { flips: 200, seed: 0 });
  return folderOfWeights.length + layout.unitCount + set.pairs.length + maximum.p + (pairedT(differences).t[0] ?? 0);
}
export async function report(folder: string): Promise<number> {
  const run: RunFolder = await openRun(folder);
  const { promptSet }: Manifest = await run.readManifest();
  const summary: Summary = await writeResults(run, await analyzeRun(run, { flips: "exact" }));
  return promptSet.pairs.length + summary.pairs;
}
export type { Transformer };
`;
/** The same with a mistake in it, which only types that are really there can tell. */
const mistaken = consumer.replace("groupSize: 16", 'groupSize: "16"');

const folder = mkdtempSync(join(tmpdir(), "consumer-"));

beforeAll(() => {
  for (const { name, tarball } of inject("packed")) {
    const installed = join(folder, "node_modules", name);
    mkdirSync(installed, { recursive: true });
    execFileSync("tar", ["-xzf", tarball, "-C", installed, "--strip-components=1"]);
  }
  // A Node project has these; the types name nothing else from outside.
  symlinkSync(join(root, "node_modules", "@types"), join(folder, "node_modules", "@types"), "junction");
  writeFileSync(join(folder, "package.json"), '{ "type": "module" }');
});

afterAll(() => {
  rmSync(folder, { recursive: true });
});

const resolutions = {
  node16: { module: ts.ModuleKind.Node16, moduleResolution: ts.ModuleResolutionKind.Node16 },
  nodenext: { module: ts.ModuleKind.NodeNext, moduleResolution: ts.ModuleResolutionKind.NodeNext },
  bundler: { module: ts.ModuleKind.ESNext, moduleResolution: ts.ModuleResolutionKind.Bundler },
};

/** What a project with every strictness on is told. */
function compile(source: string, resolution: keyof typeof resolutions, skipLibCheck: boolean): string[] {
  const file = join(folder, "consumer.ts");
  writeFileSync(file, source);
  const options: ts.CompilerOptions = {
    ...resolutions[resolution],
    target: ts.ScriptTarget.ES2023,
    lib: ["lib.es2023.d.ts"],
    types: ["node"],
    strict: true,
    exactOptionalPropertyTypes: true,
    noUncheckedIndexedAccess: true,
    noPropertyAccessFromIndexSignature: true,
    verbatimModuleSyntax: true,
    isolatedModules: true,
    skipLibCheck,
    noEmit: true,
  };
  return ts
    .getPreEmitDiagnostics(ts.createProgram([file], options))
    .map(({ messageText }) => ts.flattenDiagnosticMessageText(messageText, "\n"));
}

test.each(["node16", "nodenext", "bundler"] as const)(
  "a strict project without skipLibCheck compiles against the packed types (moduleResolution %s)",
  (resolution) => {
    expect(compile(consumer, resolution, false)).toEqual([]);
  },
);

test("and a mistake in it is seen", () => {
  expect(compile(mistaken, "nodenext", true)).toEqual(["Type 'string' is not assignable to type 'number'."]);
});

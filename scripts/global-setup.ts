import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { TestProject } from "vitest/node";
import { listLicences, type Licensed } from "./licences.mjs";
import { packPackages, type Packed } from "./pack.mjs";

declare module "vitest" {
  interface ProvidedContext {
    readonly packed: readonly Packed[];
    readonly licences: readonly Licensed[];
  }
}

/** Asks pnpm, which takes seconds each time, once for all tests: for the tarballs, and for what is installed. */
export default function setup(project: TestProject): () => void {
  const folder = mkdtempSync(join(tmpdir(), "packed-"));
  project.provide("packed", packPackages(folder));
  project.provide("licences", listLicences());
  return () => {
    rmSync(folder, { recursive: true });
  };
}

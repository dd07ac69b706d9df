import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { synthesizeCheckpoint } from "@measure-plantain/flux-runtime";
import type { TestProject } from "vitest/node";
import { fewBlocks } from "../../../packages/flux-runtime/test/few-blocks.ts";

declare module "vitest" {
  export interface ProvidedContext {
    /** A checkpoint of random weights: all parts of FLUX.2 Klein, and few of each. */
    fewBlocks: string;
  }
}

/** Makes a checkpoint for most runs of the tests. */
export default async function setup({ provide }: TestProject): Promise<() => void> {
  const workplace = mkdtempSync(join(tmpdir(), "measure-plantain-"));
  const folder = join(workplace, "few-blocks");
  await synthesizeCheckpoint(folder, fewBlocks);
  provide("fewBlocks", folder);
  return () => {
    rmSync(workplace, { recursive: true });
  };
}

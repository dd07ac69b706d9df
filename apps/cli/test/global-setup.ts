import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { getCheckpointSpec, synthesizeCheckpoint } from "@measure-plantain/flux-runtime";
import type { TestProject } from "vitest/node";

declare module "vitest" {
  export interface ProvidedContext {
    /** A checkpoint of random weights: all parts of FLUX.2 Klein, and few of each. */
    fewBlocks: string;
  }
}

/** Makes a checkpoint for most runs of the tests: they take half the time that they take with `tiny`'s 25 blocks and 28 layers. */
export default async function setup({ provide }: TestProject): Promise<() => void> {
  const folder = mkdtempSync(join(tmpdir(), "measure-plantain-"));
  const fewBlocks = join(folder, "few-blocks");
  const tiny = getCheckpointSpec("tiny");
  await synthesizeCheckpoint(fewBlocks, {
    ...tiny,
    transformer: { ...tiny.transformer, jointBlocks: 1, singleBlocks: 1 },
    textEncoder: { ...tiny.textEncoder, layers: 3 },
  });
  provide("fewBlocks", fewBlocks);
  return () => {
    rmSync(folder, { recursive: true });
  };
}

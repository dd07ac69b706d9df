import { randomUUID } from "node:crypto";
import { open, readFile, realpath, rename, rm } from "node:fs/promises";
import { resolve } from "node:path";
import { externalLocations } from "../graph/external-data.ts";
import { readModel } from "../graph/read-model.ts";
import { spliceModel } from "../graph/splice-model.ts";
import { HeadHooksError } from "../head-hooks-error.ts";
import type { HookOptions } from "../hook/hook-options.ts";
import { planHooks } from "../hook/plan-hooks.ts";
import type { UnitLayout } from "../units/unit-layout.ts";
import { requireExternalData, requireNoWeights } from "./weight-files.ts";

/** What {@link hookModelFile} returns. */
export interface HookedModelFile {
  /** Whether the written model differs from the one that was read. */
  readonly modified: boolean;
  /** Where each unit stands in the capture. */
  readonly layout: UnitLayout;
}

/**
 * Hook a model file as `hookModel` does, and write the result. Weights in external files are neither read nor
 * written, whatever their size; the model's own bytes are held once.
 *
 * The output is written aside, then renamed, so `outPath` never holds half a model; it may be `inPath` itself. A model
 * with external weights can only be written where the same files are found under the same relative names, and not in
 * place of one of them.
 *
 * @throws HeadHooksError as `hookModel`, and `unreadable-file`, `unwritable-file`, `external-path`,
 *   `external-data-elsewhere`.
 * @example
 * ```ts
 * const { layout } = await hookModelFile("model.onnx", "model.hooked.onnx", {
 *   taps: [{ at: "blocks.*.attn.to_out" }],
 *   groupSize: 16,
 * });
 * ```
 */
export async function hookModelFile(
  inPath: string,
  outPath: string,
  options: HookOptions = {},
): Promise<HookedModelFile> {
  const model = await readFile(inPath).catch((error: unknown) => {
    throw new HeadHooksError(
      "unreadable-file",
      `cannot read ${inPath}: ${reasonOf(error)}`,
      { path: inPath },
      { cause: error },
    );
  });
  const { view, additions, layout } = planHooks(model, options);
  // All the weights that the model came with, also those that are no longer needed.
  await requireNoWeights(externalLocations(readModel(model)), inPath, outPath);
  await requireExternalData(externalLocations(view), inPath, outPath);
  const modified = additions !== undefined;
  if (modified || !(await isSameFile(inPath, outPath))) {
    await writeAside(outPath, modified ? spliceModel(view, additions) : [model]);
  }
  return { modified, layout };
}

async function writeAside(path: string, pieces: readonly Uint8Array[]): Promise<void> {
  const aside = `${path}.${randomUUID()}.tmp`;
  try {
    const file = await open(aside, "wx");
    try {
      for (const piece of pieces) await file.writeFile(piece);
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(aside, path);
  } catch (error) {
    await rm(aside, { force: true });
    throw new HeadHooksError(
      "unwritable-file",
      `cannot write ${path}: ${reasonOf(error)}`,
      { path },
      { cause: error },
    );
  }
}

async function isSameFile(a: string, b: string): Promise<boolean> {
  if (resolve(a) === resolve(b)) return true;
  return (await realpath(a)) === (await realpath(b).catch(() => undefined));
}

function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

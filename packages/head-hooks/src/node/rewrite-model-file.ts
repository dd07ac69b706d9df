import { randomUUID } from "node:crypto";
import { open, readFile, realpath, rename, rm } from "node:fs/promises";
import { resolve } from "node:path";
import { externalLocations } from "../graph/external-data.ts";
import { type ModelView, readModel } from "../graph/read-model.ts";
import { type ModelAdditions, spliceModel } from "../graph/splice-model.ts";
import { HeadHooksError } from "../head-hooks-error.ts";
import { requireExternalData, requireNoWeights } from "./weight-files.ts";

/** What to change in a model; without additions it is to stay as it is. */
interface ModelPlan {
  readonly view: ModelView;
  readonly additions: ModelAdditions | undefined;
}

/**
 * Read a model file, and write it with what a plan adds. Its bytes are held once; the output is written aside, then
 * renamed, so that `outPath`, which may be `inPath` itself, never holds half a model.
 *
 * @returns the plan.
 * @throws HeadHooksError as the plan, and `unreadable-file`, `unwritable-file`, `external-path`, `external-data-elsewhere`.
 */
export async function rewriteModelFile<Plan extends ModelPlan>(
  inPath: string,
  outPath: string,
  planChanges: (model: Uint8Array) => Plan,
): Promise<Plan> {
  const model = await readFile(inPath).catch((error: unknown) => {
    throw new HeadHooksError(
      "unreadable-file",
      `cannot read ${inPath}: ${reasonOf(error)}`,
      { path: inPath },
      { cause: error },
    );
  });
  const plan = planChanges(model);
  const { view, additions } = plan;
  // All the weights that the model came with, also those that are no longer needed.
  await requireNoWeights(externalLocations(readModel(model)), inPath, outPath);
  await requireExternalData(externalLocations(view), inPath, outPath);
  if (additions !== undefined || !(await isSameFile(inPath, outPath))) {
    await writeAside(outPath, additions === undefined ? [model] : spliceModel(view, additions));
  }
  return plan;
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

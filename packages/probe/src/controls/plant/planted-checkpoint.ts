import { cacheFolder, openOrMakeCheckpoint } from "@measure-plantain/flux-runtime";
import { existsSync } from "node:fs";
import { readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import type { CaptureOptions } from "../../passes/capture-run.ts";
import { reopenContext } from "../../passes/reopen-context.ts";
import { runtimeOptions } from "../../passes/runtime-options.ts";
import { preparePassInputs } from "../../passes/prepare-pass-inputs.ts";
import { referenceName } from "../../passes/prepare-references.ts";
import { sha256 } from "../../sha256.ts";
import type { ProbedCheckpoint } from "../../settings/probed-checkpoint.ts";
import type { RunFolder } from "../../run-folder/run-folder.ts";
import { answerDesign, type PlantKind } from "./draw-answers.ts";
import { planPlant, type PlantPlan } from "./plan-plant.ts";
import { plantEffect } from "./plant-effect.ts";

/** The file of a control's folder that tells what was planted. */
const PLANT_FILE = "plant.json";

export interface PlantedCheckpointOptions extends CaptureOptions {
  /** The complete run whose pairs the effect is planted for. */
  readonly main: RunFolder;
  /** The checkpoint of that run. */
  readonly probed: ProbedCheckpoint;
  readonly seed: number;
  /** What the planted units respond to. */
  readonly kind: PlantKind;
}

/** The checkpoint of a run with an effect planted for the run's pairs, from the user's cache, or written into it. */
export async function plantedCheckpoint({
  main,
  probed: { id, source, checkpoint, isSynthesized },
  seed,
  kind,
  reporter,
  signal,
}: PlantedCheckpointOptions): Promise<ProbedCheckpoint & { readonly plan: PlantPlan }> {
  const manifest = await main.readManifest();
  const { settings, promptSet } = manifest;
  const { groupSize } = settings;
  const design = answerDesign(kind, promptSet);
  const plan = planPlant(checkpoint.transformer.config, { design, groupSize, seed });
  const files = [
    ...new Set([...checkpoint.transformer.weights.tensors.values()].map(({ file }) => file)),
  ].sort();
  const weights = await Promise.all(files.map(async (file) => [file, (await stat(file)).mtimeMs]));
  const references = await Promise.all(
    settings.references.map((_, index) => main.sha256(`${referenceName(index)}.png`)),
  );
  const key = sha256(JSON.stringify([weights, settings, references, plan])).slice(0, 16);
  const folder = join(cacheFolder(), `planted-${key}`);
  const planted = await openOrMakeCheckpoint(folder, () =>
    main.whileLocked(async () => {
      const runtime = runtimeOptions(settings, { signal, onConvertWeights: reporter.within() });
      const context = await reopenContext({ folder: main, manifest, checkpoint, reporter, runtime });
      await plantEffect(context, await preparePassInputs(context), { plan, folder });
    }),
  );
  return {
    id: `${id} (${nameOf(kind)}, seed ${seed})`,
    ...(source && { source }),
    change: { kind: "planted", seed, of: id, ...(kind !== "contrast" && { plant: kind }) },
    checkpoint: { ...planted, loras: checkpoint.loras }, // the planted weights answer to what is computed with them
    isSynthesized,
    plan,
  };
}

function nameOf(kind: PlantKind): string {
  return kind === "contrast" ? "planted effect" : `planted ${kind} effect`;
}

/** Keeps with a control's folder what was planted there. */
export async function writePlant(folder: RunFolder, plan: PlantPlan): Promise<void> {
  await folder.writeJson(PLANT_FILE, plan);
}

/** What was planted in a control's folder; `null` if nothing was. */
export async function readPlant(folder: RunFolder): Promise<PlantPlan | null> {
  if (!existsSync(folder.file(PLANT_FILE))) return null;
  return JSON.parse(await readFile(folder.file(PLANT_FILE), "utf8")) as PlantPlan; // written by this program
}

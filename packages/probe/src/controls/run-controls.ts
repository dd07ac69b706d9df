import { cacheFolder, openOrMakeCheckpoint, randomizeCheckpoint } from "@measure-plantain/flux-runtime";
import {
  identicalPromptSet,
  loadPromptSet,
  shufflePromptSet,
  type PromptSet,
} from "@measure-plantain/prompts";
import { join } from "node:path";
import { type ProbePlan, namePrompts, type Progress, showProgress } from "measure-plantain";
import { UsageError } from "../probe-error.ts";
import { sha256 } from "../settings/fingerprint.ts";
import { referenceName } from "../passes/prepare-references.ts";
import type { ProbedCheckpoint } from "../settings/probed-checkpoint.ts";
import { hashPromptSet } from "../settings/settings.ts";
import { CONTROLS_FOLDER, type RunFolder } from "../run-folder/run-folder.ts";
import type { PlantPlan } from "./plant/plan-plant.ts";
import { plantedCheckpoint, writePlant } from "./plant/planted-checkpoint.ts";

/** What is changed in a control, everything else being equal. */
export type Control =
  | { readonly kind: "random-weights" | "planted"; readonly name: string; readonly seed: number }
  | {
      readonly kind: "prompts";
      readonly name: string;
      /** What the user asked for. */
      readonly source: string;
      readonly promptSet: PromptSet;
    };

/** The controls that are made from the run's own prompts: against themselves, and re-paired at random. */
const IDENTICAL = "identical";
const SHUFFLED = "shuffled";

/**
 * The controls that are asked for: `random-weights` is one seed, `random-weights:3` three of them, and so with `planted`;
 * anything else is a prompt set, which is read here, so that a mistake in it is known before the run and not after it.
 *
 * @param set - The run's own prompts.
 * @throws UsageError where a number of seeds is no number, or a control is asked for twice; PromptsError for a set.
 */
export async function planControls(asked: readonly string[], set: PromptSet): Promise<Control[]> {
  const planned = asked.map(async (text): Promise<Control[]> => {
    const [, kind, seeds = "1"] = /^(random-weights|planted)(?::(.*))?$/.exec(text) ?? [];
    if (kind !== "random-weights" && kind !== "planted") {
      const name = text.replace(/^.*[/\\]/, "").replace(/\.\w+$/, "");
      const promptSet = await loadControlSet(text, set);
      await hashPromptSet(promptSet); // refuses images that cannot be read
      return [{ kind: "prompts", name, source: text, promptSet }];
    }
    const count = Number(seeds);
    if (!Number.isSafeInteger(count) || count < 1) {
      throw new UsageError(`--control ${text}: expected ${kind}:N with a whole number N from 1 on.`);
    }
    // The seeds begin at 1: 0 is that of the synthesised checkpoints, which may be the run itself.
    return Array.from({ length: count }, (_, index) => ({
      kind,
      name: `${kind}-${index + 1}`,
      seed: index + 1,
    }));
  });
  const controls = (await Promise.all(planned)).flat();
  const doubled = controls.find(
    ({ name }, index) => controls.findIndex((other) => other.name === name) < index,
  );
  if (doubled !== undefined)
    throw new UsageError(`The control ${doubled.name} is asked for twice. Name it once.`);
  return controls;
}

/**
 * Runs one control into the run's folder: the same fixed image, noise and sizes, with other weights or other prompts.
 * A control that was cut short is continued; one of other settings is refused by name.
 */
export async function runControl(
  control: Control,
  plan: ProbePlan,
  main: RunFolder,
  probe: (plan: ProbePlan) => Promise<RunFolder>,
): Promise<void> {
  plan.progress.note(`Control: ${control.name}`);
  const { settings } = await main.readManifest();
  const images = settings.references.map((_, index) => main.file(`${referenceName(index)}.png`));
  const { width, height, batch } = settings;
  const { resolved, plant } = await changeCheckpoint(control, plan, main);
  const asked = control.kind === "prompts" ? askForPrompts(control, plan) : {}; // else the run's own
  const options = { ...plan.options };
  delete options.references; // they are there as files now
  try {
    const folder = await probe({
      ...plan,
      resolved,
      ...asked,
      out: main.file(CONTROLS_FOLDER, control.name),
      options: {
        ...options,
        ...(images.length > 0 && { reference: images }),
        ...{ width, height, batch },
        // Equal prompts under equal noise differ in nothing; one contrast of two noises in all pairs would be an effect.
        independentNoise: options.independentNoise || control.name === IDENTICAL,
      },
    });
    try {
      if (plant !== null) await writePlant(folder, plant);
    } finally {
      await folder.close();
    }
  } catch (error) {
    if (error instanceof UsageError)
      throw new UsageError(`Control ${control.name}: ${error.message}`, { cause: error });
    throw error;
  }
}

/** A control's prompts, and how to ask for them. */
function askForPrompts(
  { source, promptSet }: Extract<Control, { kind: "prompts" }>,
  plan: ProbePlan,
): Pick<ProbePlan, "promptSet" | "prompts"> {
  const isDerived = source === IDENTICAL || source === SHUFFLED;
  const prompts = isDerived ? { ...plan.prompts, control: source } : namePrompts(source);
  return { promptSet, prompts };
}

/** A control's prompt set; those that are derived from a set are derived from the run's own. */
async function loadControlSet(source: string, set: PromptSet): Promise<PromptSet> {
  if (source === IDENTICAL) return identicalPromptSet(set, { name: IDENTICAL });
  if (source === SHUFFLED) return shufflePromptSet(set, { name: SHUFFLED });
  return loadPromptSet(source);
}

/** The checkpoint that a control runs on, and what was planted in it. */
async function changeCheckpoint(
  control: Control,
  { resolved, progress, signal }: ProbePlan,
  main: RunFolder,
): Promise<{ readonly resolved: ProbedCheckpoint; readonly plant: PlantPlan | null }> {
  if (control.kind === "prompts") return { resolved, plant: null };
  const { seed } = control;
  if (control.kind === "random-weights")
    return { resolved: await randomizedCheckpoint(resolved, seed, { progress, signal }), plant: null };
  const planted = await plantedCheckpoint({ main, resolved, seed, progress, signal });
  return { resolved: planted, plant: planted.plan };
}

/** The same checkpoint with random weights, from the user's cache, or drawn into it. */
export async function randomizedCheckpoint(
  { id, checkpoint }: ProbedCheckpoint,
  seed: number,
  { progress, signal }: { readonly progress: Progress; readonly signal: AbortSignal },
): Promise<ProbedCheckpoint> {
  const { textEncoder, transformer, autoencoder } = checkpoint;
  const configs = [textEncoder.config, transformer.config, autoencoder.config, checkpoint.scheduler];
  const key = sha256(JSON.stringify([...configs, checkpoint.tokenizerFolder])).slice(0, 16);
  const folder = join(cacheFolder(), `randomized-${key}-seed-${seed}`);
  const randomized = await openOrMakeCheckpoint(folder, () =>
    showProgress(
      progress,
      (onProgress) => randomizeCheckpoint(checkpoint, folder, { seed, signal, onProgress }),
      { title: `drawing random weights, seed ${seed}` },
    ),
  );
  return {
    id: `${id} (random weights, seed ${seed})`,
    change: { kind: "random-weights", seed, of: id },
    checkpoint: randomized,
    isSynthesized: true,
  };
}

import { captureRun, STAGES_OF_RUN, type CaptureOptions } from "../passes/capture-run.ts";
import { referenceName } from "../passes/prepare-references.ts";
import { planProbe, type ProbePlan } from "../plan-probe.ts";
import { ProbeError } from "../probe-error.ts";
import { CONTROLS_FOLDER, RunFolder } from "../run-folder/run-folder.ts";
import { namePrompts, type PromptsRecord } from "../settings/prompts-record.ts";
import type { ProbedCheckpoint } from "../settings/probed-checkpoint.ts";
import { baseCheckpoint } from "./base-checkpoint.ts";
import { IDENTICAL, SHUFFLED, type Control } from "./parse-controls.ts";
import type { PlantPlan } from "./plant/plan-plant.ts";
import { plantedCheckpoint, writePlant } from "./plant/planted-checkpoint.ts";
import { randomizedCheckpoint } from "./randomized-checkpoint.ts";

/** The stages that {@link runControl} reports: its weights are changed, and it runs. */
export const STAGES_OF_CONTROL: number = 1 + STAGES_OF_RUN;

/**
 * Runs one control into the run's folder: the same fixed image, noise and sizes, with other weights or other prompts.
 * A control that was cut short is continued; one of other settings is refused by name.
 */
export async function runControl(
  control: Control,
  plan: ProbePlan,
  main: RunFolder,
  options: CaptureOptions,
): Promise<void> {
  const { reporter } = options;
  reporter.note(`Control: ${control.name}`);
  reporter.next();
  const { checkpoint, plant } = await changeCheckpoint(control, plan, main, options);
  try {
    const changed = await planControl(control, { ...plan, checkpoint }, main);
    const path = main.file(CONTROLS_FOLDER, control.name);
    const folder = await RunFolder.openForRun(path, changed.settings, {
      wordCounts: changed.options.wordCounts?.record,
    });
    try {
      await captureRun(changed, folder, options);
      if (plant !== null) await writePlant(folder, plant);
    } finally {
      await folder.close();
    }
  } catch (error) {
    if (!(error instanceof ProbeError)) throw error;
    throw new ProbeError(error.code, `Control ${control.name}: ${error.message}`, {
      cause: error,
      ...(error.option !== undefined && { option: error.option }),
    });
  }
}

/** A control is a plan like any other: the run's, with the run's own images, and what the control changes. */
async function planControl(control: Control, plan: ProbePlan, main: RunFolder): Promise<ProbePlan> {
  const { settings } = await main.readManifest();
  const images = settings.references.map((_, index) => main.file(`${referenceName(index)}.png`));
  const { width, height, batch } = settings;
  return planProbe(plan.checkpoint, control.kind === "prompts" ? control.promptSet : plan.promptSet, {
    ...plan.options,
    referenceCount: undefined, // the images are there as files now
    ...(images.length > 0 && { referenceFiles: images }),
    width,
    height,
    batch,
    device: plan.execution,
    prompts: control.kind === "prompts" ? recordPrompts(control, plan) : recordOf(plan),
    // Equal prompts under equal noise differ in nothing; one contrast of two noises in all pairs would be an effect.
    noise: control.name === IDENTICAL ? "independent" : settings.noise,
  });
}

/** How the run's own prompts were asked for. */
function recordOf({ options, promptSet }: ProbePlan): PromptsRecord {
  return options.prompts ?? { argument: promptSet.name };
}

/** How a control's prompts are asked for. */
function recordPrompts({ source }: Extract<Control, { kind: "prompts" }>, plan: ProbePlan): PromptsRecord {
  const isDerived = source === IDENTICAL || source === SHUFFLED;
  return isDerived ? { ...recordOf(plan), control: source } : namePrompts(source);
}

/** The checkpoint that a control runs on, and what was planted in it. */
async function changeCheckpoint(
  control: Control,
  { checkpoint }: ProbePlan,
  main: RunFolder,
  options: CaptureOptions,
): Promise<{ readonly checkpoint: ProbedCheckpoint; readonly plant: PlantPlan | null }> {
  if (control.kind === "prompts") return { checkpoint, plant: null };
  if (control.kind === "base") return { checkpoint: baseCheckpoint(checkpoint), plant: null };
  const { seed } = control;
  if (control.kind === "random-weights")
    return { checkpoint: await randomizedCheckpoint(checkpoint, seed, options), plant: null };
  const { plan, ...planted } = await plantedCheckpoint({
    main,
    probed: checkpoint,
    seed,
    kind: control.plant,
    ...options,
  });
  return { checkpoint: planted, plant: plan };
}

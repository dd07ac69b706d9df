import { chooseDevice, type ChosenDevice } from "@measure-plantain/flux-runtime";
import type { PromptSet, PromptSetAudit } from "@measure-plantain/prompts";
import { auditPrompts } from "./audit/audit-prompts.ts";
import { findCutRenderPrompts, requireContrast, type CutPrompts } from "./audit/cut-prompts.ts";
import type { WordCounts } from "./audit/word-counts.ts";
import { chooseSettings, type SettingOptions } from "./settings/choose-settings.ts";
import type { PromptsRecord } from "./settings/prompts-record.ts";
import type { ProbedCheckpoint } from "./settings/probed-checkpoint.ts";
import type { ProbeSettings } from "./settings/settings.ts";

/** How a probe is planned; what is left out has its default. */
export interface PlanOptions extends SettingOptions {
  /** Where the passes run; by default CUDA if it works here, else the CPU. */
  readonly device?: ChosenDevice | undefined;
  /** How rare words are, for the audit. */
  readonly wordCounts?: WordCounts | undefined;
  /** How the prompts were asked for, for whoever asks again; by default the set's name. */
  readonly prompts?: PromptsRecord | undefined;
  /** The program that plans the probe, for the manifest. */
  readonly program?: { readonly name: string; readonly version: string } | undefined;
  /** Records in the manifest on which provider every node ran, at the price of a profiled first pass. */
  readonly tracePlacement?: boolean | undefined;
}

/** One run of the probe before anything of it is written: on which checkpoint, with which prompts and settings. */
export interface ProbePlan {
  /** The checkpoint that is probed. */
  readonly checkpoint: ProbedCheckpoint;
  /** The pairs. */
  readonly promptSet: PromptSet;
  /** What else than the contrast differs within the pairs, under the checkpoint's tokenizer. */
  readonly audit: PromptSetAudit;
  /** Prompts of the fixed images that do not fit the token sequence; `null` if all do. */
  readonly cutRenderPrompts: CutPrompts | null;
  /** Everything that the captured numbers depend on. */
  readonly settings: ProbeSettings;
  /** Where the passes run, and why there. */
  readonly execution: ChosenDevice;
  /** What was asked for. */
  readonly options: PlanOptions;
}

/**
 * Plans a probe, and refuses what cannot be run before anything is written.
 *
 * @throws {ProbeError} `invalid-option` for options that contradict each other, the prompts or the images; `no-contrast` if
 * the model would read the same on both sides of a pair; `invalid-file` for an image that cannot be read.
 * @throws {FluxRuntimeError} for a size that the model cannot make, or a type that the device does not have.
 * @example
 * const checkpoint = await resolveCheckpoint("tiny");
 * const plan = await planProbe(checkpoint, await loadPromptSet("otherview"), { width: 64, height: 64 });
 * plan.settings.noiseSeeds; // [0]
 */
export async function planProbe(
  checkpoint: ProbedCheckpoint,
  promptSet: PromptSet,
  options: PlanOptions = {},
): Promise<ProbePlan> {
  const execution = options.device ?? (await chooseDevice("auto"));
  const settings = await chooseSettings(checkpoint, promptSet, options, execution);
  const audit = await auditPrompts(promptSet, checkpoint.checkpoint, {
    maxSequenceLength: settings.maxSequenceLength,
    wordCounts: options.wordCounts ?? null,
  });
  requireContrast(audit);
  const rendered = settings.references.filter((reference) => reference.kind === "generated");
  const cutRenderPrompts = await findCutRenderPrompts(checkpoint.checkpoint, rendered, settings);
  return { checkpoint, promptSet, audit, cutRenderPrompts, settings, execution, options };
}

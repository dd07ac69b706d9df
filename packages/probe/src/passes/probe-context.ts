import type { Checkpoint, RuntimeOptions } from "@measure-plantain/flux-runtime";
import type { PromptSet } from "@measure-plantain/prompts";
import type { RunFolder } from "../run-folder/run-folder.ts";
import type { ProbeSettings } from "../settings/settings.ts";
import type { StageClock } from "./stage-clock.ts";
import type { Reporter } from "../reporter.ts";

/** What every stage of a run works on. */
export interface ProbeContext {
  readonly checkpoint: Checkpoint;
  readonly promptSet: PromptSet;
  readonly settings: ProbeSettings;
  /** The indices of the pairs that this run captures. */
  readonly pairs: readonly number[];
  readonly folder: RunFolder;
  readonly reporter: Reporter;
  readonly clock: StageClock;
  readonly runtime: RuntimeOptions;
}

import { examineMachine } from "@measure-plantain/flux-runtime";
import { countPasses, parseControls } from "@measure-plantain/probe";
import { loadPromptSet } from "@measure-plantain/prompts";
import { formatExamination } from "../terminal/format-examination.ts";
import { nameFlags } from "../terminal/name-flags.ts";
import { writeResult } from "../terminal/write-text.ts";
import { NegativeAnswer } from "../usage-error.ts";

export interface DoctorOptions {
  readonly checkpoint: string;
  readonly width: number;
  readonly height: number;
  readonly prompts: string;
  readonly control: readonly string[];
  readonly offline: boolean;
  readonly json: boolean;
}

/** As the probe was published. */
const PUBLISHED_RUN = { textTokens: 512, referenceSteps: 14 };

/**
 * Says whether a run can work on this machine and what it would take.
 *
 * @throws NegativeAnswer if it cannot, once all is said.
 */
export async function doctor(
  { checkpoint, width, height, prompts, control, offline, json }: DoctorOptions,
  signal: AbortSignal,
): Promise<void> {
  const promptSet = await loadPromptSet(prompts);
  const passes = countPasses(promptSet, await parseControls(control, promptSet));
  const run = { width, height, passes, ...PUBLISHED_RUN };
  const examination = await examineMachine({ checkpoint, run, offline, signal });
  const text = json ? JSON.stringify(examination, null, 2) : formatExamination(examination);
  writeResult(`${nameFlags(text)}\n`);
  if (!examination.ok) throw new NegativeAnswer();
}

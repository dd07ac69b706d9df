import { examineMachine } from "@measure-plantain/flux-runtime";
import { formatExamination } from "../terminal/format-examination.ts";
import { nameFlags } from "../terminal/name-flags.ts";
import { writeResult } from "../terminal/write-text.ts";

export interface DoctorOptions {
  readonly checkpoint: string;
  readonly width: number;
  readonly height: number;
  readonly offline: boolean;
  readonly json: boolean;
}

/** The probe as it was published: two passes for each of 25 pairs, on a reference of 14 steps. */
const PUBLISHED_RUN = { textTokens: 512, passes: 2 * 25, referenceSteps: 14 };

/** Says whether a run can work on this machine and what it would take; exit code 1 if it cannot. */
export async function doctor(
  { checkpoint, width, height, offline, json }: DoctorOptions,
  signal: AbortSignal,
): Promise<void> {
  const run = { width, height, ...PUBLISHED_RUN };
  const examination = await examineMachine({ checkpoint, run, offline, signal });
  const text = json ? JSON.stringify(examination, null, 2) : formatExamination(examination);
  writeResult(`${nameFlags(text)}\n`);
  if (!examination.ok) process.exitCode = 1;
}

import { examineMachine } from "../doctor/examine-machine.ts";
import { formatExamination } from "../doctor/format-examination.ts";
import { writeResult } from "../terminal/write-text.ts";

export interface DoctorOptions {
  readonly checkpoint: string;
  readonly width: number;
  readonly height: number;
  readonly offline: boolean;
  readonly json: boolean;
}

/** Tells whether a run can work on this machine and what it would take; exit code 1 where it cannot. */
export async function doctor(options: DoctorOptions, signal: AbortSignal): Promise<void> {
  const examination = await examineMachine({ ...options, signal });
  writeResult(`${options.json ? JSON.stringify(examination, null, 2) : formatExamination(examination)}\n`);
  if (!examination.ok) process.exitCode = 1;
}

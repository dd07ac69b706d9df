import type { OnProgress } from "@measure-plantain/flux-runtime";

/** Something to know about a run while it goes on. */
export interface ProbeNote {
  /** A warning is about something that may be wrong. */
  readonly kind: "information" | "warning";
  /** Whole sentences. */
  readonly text: string;
}

/** Who is told how far a task is. */
export interface ProgressOptions {
  /** Told of each stage when it begins, and again and again until it is done. */
  readonly onProgress?: OnProgress | undefined;
  /** Told what else to know. */
  readonly onNote?: ((note: ProbeNote) => void) | undefined;
}

/** Reports how much of a stage is done by now, and if need be another total. */
export type ReportDone = (done: number, total?: number) => void;

/** What the stages of a task report to. */
export interface Reporter {
  note(text: string): void;
  warn(text: string): void;
  /** Goes on to the task's next stage, whether or not there is something to do in it. */
  next(): void;
  /** Begins work in the stage. */
  start(stage: string, work: { readonly unit: string; readonly total: number }): ReportDone;
  /** The stage as a callback, for tasks that report themselves; `name` replaces what they call it. */
  within(name?: string): OnProgress;
}

/** @param stages - How many stages the task has. */
export function createReporter({ onProgress, onNote }: ProgressOptions, stages: number): Reporter {
  let stageNumber = 0;
  return {
    note: (text) => onNote?.({ kind: "information", text }),
    warn: (text) => onNote?.({ kind: "warning", text }),
    next() {
      stageNumber += 1;
    },
    start(stage, { unit, total: first }) {
      const began = performance.now();
      const report: ReportDone = (done, total = first) => {
        onProgress?.({ stage, stageNumber, stages, done, total, unit, elapsedMs: performance.now() - began });
      };
      report(0);
      return report;
    },
    within: (name) => (progress) => {
      onProgress?.({ ...progress, stage: name ?? progress.stage, stageNumber, stages });
    },
  };
}

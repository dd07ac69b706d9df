/** How far a long task is, as data: whoever started it shows it, or does not. */
export interface Progress {
  /** What is being done, in words: `downloading`. */
  readonly stage: string;
  /** Which of the task's stages this is, from 1 on. */
  readonly stageNumber: number;
  /** How many stages the task has. */
  readonly stages: number;
  /** How much of this stage is done, in units. */
  readonly done: number;
  /** How much of this stage there is to do, in units; can change while the stage runs. */
  readonly total: number;
  /** What is counted: `bytes`. */
  readonly unit: string;
  /** Milliseconds since this stage began. */
  readonly elapsedMs: number;
}

/** Is called when a task begins a stage, and again and again until the stage is done. */
export type OnProgress = (progress: Progress) => void;

/** A stage before anything of it is done; the only one of its task, unless it says otherwise. */
export type StartedStage = Pick<Progress, "stage" | "total" | "unit"> &
  Partial<Pick<Progress, "stageNumber" | "stages">>;

/**
 * Reports the beginning of a stage.
 *
 * @returns Reports how much is done by now, and if need be another total.
 */
export function startStage(
  onProgress: OnProgress | undefined,
  { stageNumber = 1, stages = 1, ...stage }: StartedStage,
): (done: number, total?: number) => void {
  const began = performance.now();
  const report = (done: number, total = stage.total): void =>
    onProgress?.({ ...stage, stageNumber, stages, done, total, elapsedMs: performance.now() - began });
  report(0);
  return report;
}

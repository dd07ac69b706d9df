import type { OnProgress } from "@measure-plantain/flux-runtime";
import type { Progress, ProgressBar } from "./progress.ts";

/**
 * Runs a task of the packages and shows the progress that it reports: a bar for each stage, none of which outlives the task.
 *
 * @param title - What the stages are called for a person, if not as the task calls them.
 */
export async function showProgress<Result>(
  progress: Progress,
  task: (onProgress: OnProgress) => Promise<Result>,
  { title }: { readonly title?: string } = {},
): Promise<Result> {
  let shown: { readonly stageNumber: number; readonly bar: ProgressBar } | undefined;
  const onProgress: OnProgress = ({ stage, stageNumber, done, total, unit }) => {
    if (shown?.stageNumber !== stageNumber) {
      shown?.bar.stop();
      shown = { stageNumber, bar: progress.start(title ?? stage, { unit, total }) };
    }
    shown.bar.update(done, total);
  };
  return task(onProgress).finally(() => shown?.bar.stop());
}

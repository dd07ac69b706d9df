import type { OnProgress } from "@measure-plantain/report";
import type { Progress, ProgressBar } from "./progress.ts";

/** Milliseconds that work may take before a person is shown how far it is. */
const PATIENCE = 2_000;

/** What the bar of a null and its tests says. */
export const STATISTICS = "computing statistics";

/** Does work that tells how far it is, with a bar once it takes longer than a moment. */
export async function withLateBar<Result>(
  progress: Progress,
  title: string,
  work: (onProgress: OnProgress) => Promise<Result>,
): Promise<Result> {
  const began = Date.now();
  let bar: ProgressBar | undefined;
  try {
    return await work(({ done, total }) => {
      if (bar === undefined && Date.now() - began < PATIENCE) return;
      bar ??= progress.start(title, { unit: "%", total: 100 });
      bar.update(Math.floor((100 * done) / total), 100);
    });
  } finally {
    bar?.stop();
  }
}

import type { Progress as Report } from "@measure-plantain/flux-runtime";
import { describe, expect, it } from "vitest";
import type { Progress } from "./progress.ts";
import { showProgress } from "./show-progress.ts";

/** Notes what is shown instead of showing it. */
function recorder(): { readonly log: string[]; readonly progress: Progress } {
  const log: string[] = [];
  const progress: Progress = {
    note: (text) => log.push(text),
    warn: (text) => log.push(text),
    start: (title, { unit, total }) => {
      log.push(`start ${title} 0/${total ?? "?"} ${unit}`);
      return {
        update: (value, newTotal) => log.push(`${title} ${value}/${newTotal}`),
        stop: () => log.push(`stop ${title}`),
      };
    },
  };
  return { log, progress };
}

const report = (stageNumber: number, done: number): Report => ({
  ...{ stage: `stage ${stageNumber}`, stageNumber, stages: 2 },
  ...{ done, total: 2, unit: "bytes", elapsedMs: 1 },
});

describe("showProgress", () => {
  it("shows a bar for each stage, one after the other", async () => {
    const { log, progress } = recorder();
    const result = await showProgress(progress, (onProgress) => {
      onProgress(report(1, 1));
      onProgress(report(1, 2));
      onProgress(report(2, 1));
      return Promise.resolve("done");
    });
    expect(result).toBe("done");
    expect(log).toEqual([
      ...["start stage 1 0/2 bytes", "stage 1 1/2", "stage 1 2/2", "stop stage 1"],
      ...["start stage 2 0/2 bytes", "stage 2 1/2", "stop stage 2"],
    ]);
  });

  it("takes the bar away if the task fails", async () => {
    const { log, progress } = recorder();
    const task = showProgress(
      progress,
      (onProgress) => {
        onProgress(report(1, 1));
        return Promise.reject(new Error("broken"));
      },
      { title: "drawing" },
    );
    await expect(task).rejects.toThrow("broken");
    expect(log).toEqual(["start drawing 0/2 bytes", "drawing 1/2", "stop drawing"]);
  });
});

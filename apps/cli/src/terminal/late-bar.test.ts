import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { withLateBar } from "./late-bar.ts";
import type { Progress } from "./progress.ts";

let lines: string[] = [];
const progress: Progress = {
  note: () => undefined,
  warn: () => undefined,
  start: (title) => {
    lines.push(title);
    return {
      update: (value, total) => lines.push(`${value}/${total}`),
      stop: () => lines.push("stop"),
    };
  },
};

beforeEach(() => {
  lines = [];
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

test("withLateBar shows nothing of work that is done in a moment", async () => {
  const result = await withLateBar(progress, "counting", (onProgress) => {
    onProgress({ done: 1, total: 2 });
    return Promise.resolve("done");
  });
  expect(result).toBe("done");
  expect(lines).toEqual([]);
});

test("withLateBar shows how far longer work is, and ends its bar when the work fails", async () => {
  const failing = withLateBar(progress, "counting", (onProgress) => {
    vi.advanceTimersByTime(2_500);
    onProgress({ done: 1, total: 3 });
    return Promise.reject(new Error("no"));
  });
  await expect(failing).rejects.toThrow("no");
  expect(lines).toEqual(["counting", "33/100", "stop"]);
});

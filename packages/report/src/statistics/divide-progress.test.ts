import { expect, test } from "vitest";
import { divideProgress, DONE } from "./divide-progress.ts";

test("divideProgress tells the whole's share, part by part and within parts", () => {
  const seen: number[] = [];
  const parts = divideProgress(({ done, total }) => seen.push(done / total), [1, 3]);
  const [inner, rest] = divideProgress(parts[1], [1, 1]);
  parts[0]?.({ done: 1, total: 2 });
  parts[0]?.(DONE);
  inner?.({ done: 10, total: 10 });
  rest?.(DONE);
  expect(seen).toEqual([0.125, 0.25, 0.625, 1]);
});

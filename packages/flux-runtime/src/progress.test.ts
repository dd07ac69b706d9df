import { expect, it } from "vitest";
import { startStage, type Progress } from "./progress.ts";

it("startStage reports the beginning of a stage, then what is done of it and how long it took", () => {
  const seen: Progress[] = [];
  const report = startStage((progress) => seen.push(progress), {
    stage: "downloading",
    unit: "bytes",
    total: 10,
  });
  report(4);
  report(12, 12);
  const only = { stage: "downloading", stageNumber: 1, stages: 1, unit: "bytes" };
  expect(seen).toMatchObject([
    { ...only, done: 0, total: 10 },
    { ...only, done: 4, total: 10 },
    { ...only, done: 12, total: 12 },
  ]);
  const times = seen.map(({ elapsedMs }) => elapsedMs);
  expect(times).toEqual([...times].sort((a, b) => a - b));
});

it("startStage without a callback reports to nobody", () => {
  expect(() => {
    startStage(undefined, { stage: "downloading", unit: "bytes", total: 1 })(1);
  }).not.toThrow();
});

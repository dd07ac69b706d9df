import { expect, it } from "vitest";
import type { StageRecord } from "../run-folder/manifest.ts";
import { describePlacement } from "./describe-placement.ts";

const stage = (placement?: StageRecord["placement"]): StageRecord => ({
  stage: "capture passes",
  seconds: 1,
  peakPrivateMemory: 0,
  peakResidentMemory: 0,
  ...(placement && { placement }),
});
const cuda = { CUDAExecutionProvider: { MatMul: 100, Add: 20 } };

it("says nothing of stages that were not traced", () => {
  expect(describePlacement([stage()], "CUDAExecutionProvider")).toEqual([]);
});
it("says that all nodes ran on the provider of the run", () => {
  expect(describePlacement([stage(cuda)], "CUDAExecutionProvider")).toEqual([
    "Placement, capture passes: all 120 nodes on CUDAExecutionProvider.",
  ]);
});
it("names every operator that ran elsewhere", () => {
  const placement = { ...cuda, CPUExecutionProvider: { Gather: 6 } };
  expect(describePlacement([stage(placement)], "CUDAExecutionProvider")).toEqual([
    "Placement, capture passes: 120 nodes on CUDAExecutionProvider, but elsewhere Gather × 6 on CPUExecutionProvider.",
  ]);
});

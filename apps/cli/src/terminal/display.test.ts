import type { Progress } from "@measure-plantain/flux-runtime";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { createDisplay, endBar } from "./display.ts";

let written = "";

beforeEach(() => {
  written = "";
  vi.spyOn(process.stderr, "write").mockImplementation((text) => {
    written += String(text);
    return true;
  });
});
afterEach(() => {
  endBar();
  vi.restoreAllMocks();
});

const progress = (changes: Partial<Progress>): Progress => ({
  stage: "capturing passes",
  stageNumber: 3,
  stages: 3,
  done: 0,
  total: 2,
  unit: "passes",
  elapsedMs: 0,
  ...changes,
});

describe("createDisplay", () => {
  it("shows each stage when it begins and when it is done, and which of how many it is", () => {
    const { onProgress } = createDisplay({ quiet: false });
    onProgress(progress({ stage: "encoding prompts", stageNumber: 2, unit: "prompts" }));
    onProgress(progress({ stage: "encoding prompts", stageNumber: 2, unit: "prompts", done: 2 }));
    onProgress(progress({}));
    onProgress(progress({ done: 2 }));
    expect(written).toMatch(
      /^2\/3 encoding prompts …\n2\/3 encoding prompts: 2 prompts in .* s\n3\/3 capturing passes …\n3\/3 capturing passes: 2 passes in .* s\n$/,
    );
  });

  it("shows no bar of work in percent that takes a moment, and one of work that takes longer", () => {
    const { onProgress } = createDisplay({ quiet: false });
    const statistics = { stage: "computing statistics", stages: 1, stageNumber: 1, total: 100, unit: "%" };
    onProgress(progress({ ...statistics, done: 50, elapsedMs: 1_000 }));
    expect(written).toBe("");
    onProgress(progress({ ...statistics, done: 60, elapsedMs: 3_000 }));
    expect(written).toBe("computing statistics …\n");
  });

  it("ends a bar before a note, so that neither is written over", () => {
    const { onProgress, note } = createDisplay({ quiet: false });
    onProgress(progress({}));
    note("20 passes are there already.");
    expect(written).toMatch(/capturing passes: 0 passes in .* s\n20 passes are there already\.\n$/);
  });

  it("shows warnings alone when quiet", () => {
    const { onProgress, onNote, note } = createDisplay({ quiet: true });
    onProgress(progress({}));
    note("a note");
    onNote({ kind: "information", text: "another" });
    onNote({ kind: "warning", text: "2 prompts are cut." });
    expect(written).toBe("2 prompts are cut.\n");
  });
});

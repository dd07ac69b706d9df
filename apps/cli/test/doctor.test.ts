import { mkdirSync, writeFileSync } from "node:fs";
import { afterAll, describe, expect, it } from "vitest";
import type { MachineExamination } from "@measure-plantain/flux-runtime";
import { createWorkplace, kleinTiny } from "./cli.ts";

const environment: Record<string, string> = { HF_HUB_OFFLINE: "0", HF_ENDPOINT: "http://127.0.0.1:9" };
const place = createWorkplace(environment);
afterAll(() => {
  place.remove();
});

describe("doctor", () => {
  it("finds a checkpoint, tries the devices, estimates, and ends with 0 where a run can work", async () => {
    const args = ["--checkpoint", `${kleinTiny}/checkpoint`, "--width", "64", "--height", "64", "--json"];
    const { exitCode, stdout, stderr } = await place.spawn("doctor", ...args);
    expect(stderr).toBe("");
    const examination = JSON.parse(stdout) as MachineExamination; // --json prints one
    expect(examination).toMatchObject({
      ok: true,
      problems: [],
      node: { ok: true },
      devices: { cpu: { works: true } },
      checkpoint: { state: "found", bytesToCome: 0 },
    });
    expect(exitCode).toBe(0);
    expect(examination.memory.available).toBeLessThanOrEqual(examination.memory.total);
    const { estimate } = examination;
    expect(estimate?.throughput).toBeGreaterThan(1e8);
    expect(estimate?.stages.map(({ stage, passes }) => [stage, passes])).toEqual([
      ["encode prompts", 52],
      ["render the reference", 28],
      ["decode the reference", 1],
      ["encode the reference", 1],
      ["single passes", 50],
    ]);
    expect(estimate?.seconds).toBeGreaterThan(0);
  });

  it("counts the passes of the set and the controls that are asked for", async () => {
    const { stdout } = await place.run(
      ...["doctor", "--checkpoint", `${kleinTiny}/checkpoint`, "--width", "64", "--height", "64", "--json"],
      ...["--prompts", "measure-crossed", "--control", "random-weights:2", "planted-axis", "paraphrase"],
    );
    const { estimate } = JSON.parse(stdout) as MachineExamination; // --json prints one
    // 24 pairs; twice those of random weights; twice those of a plant, which measures first; 25 pairs of the other set.
    expect(estimate?.stages.at(-1)?.passes).toBe(48 + 2 * 48 + 2 * 48 + 50);
  });

  it("without weights says that the first run downloads them, downloads nothing, and shows a table", async () => {
    const { exitCode, stdout, stderr } = await place.run("doctor");
    expect(stderr).toBe("");
    expect(stdout).toMatch(/✓ Node +\d+\.\d+/);
    expect(stdout).toMatch(/✓ onnxruntime-node +1\./);
    expect(stdout).toMatch(
      /FLUX\.2-klein-base-4B: not in the cache; the first run downloads it \(about 15\.\d GB/,
    );
    expect(stdout).toMatch(/50 passes at 1024 × 1024 pixels/);
    expect(stdout).toMatch(/This is an estimate, not a measurement/);
    // A small disk is named as the only problem.
    expect(stdout).toMatch(exitCode === 0 ? /A run can work here/ : /✗ The disk has too little room/);
  });

  it.each([
    ["a checkpoint that is not there", ["--checkpoint", "nowhere"], /✗ nowhere is not a checkpoint folder/],
    [
      "a model that is not in the cache, offline",
      ["--offline"],
      /✗ black-forest-labs\/.*nothing is downloaded offline/,
    ],
    [
      "a broken checkpoint",
      ["--checkpoint", "broken"],
      /✗ .*broken is no checkpoint in the Hugging Face layout/,
    ],
  ])("ends with 1 for %s", async (_, args, message) => {
    mkdirSync(place.path("broken"), { recursive: true });
    writeFileSync(place.path("broken/readme.txt"), "");
    const { exitCode, stdout, stderr } = await place.spawn("doctor", ...args);
    expect(stdout).toMatch(/A run cannot work here/);
    expect(stdout).toMatch(message);
    expect({ exitCode, stderr }).toEqual({ exitCode: 1, stderr: "" });
  });

  it("refuses a size that no run can have", async () => {
    const { exitCode, stderr } = await place.spawn("doctor", "--width", "100");
    expect(stderr).toMatch(/--width must be a multiple of 16 pixels, but is 100\. Use 112/);
    expect(exitCode).toBe(2);
  });
});
